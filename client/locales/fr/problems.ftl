# Ce qui ne va pas avec l’application elle-même : ses réglages, sa clé.

settings-damaged = Visavis démarre avec les réglages d’origine : les vôtres étaient endommagés et sont maintenant dans { $file }.
settings-stuck = Visavis démarre avec les réglages d’origine : les vôtres sont endommagés et les nouveaux ne seront pas gardés. Déplacez { $file }.
settings-unread = Visavis démarre avec les réglages d’origine : les vôtres ne peuvent pas être lus. Les nouveaux ne seront pas gardés.
settings-ignored = Certains réglages n’avaient pas de sens et sont comme au début : { $names }. Le fichier tel qu’il était est dans { $file }.
settings-later = Vos réglages viennent d’une version plus récente de Visavis. Ce que celle-ci ne sait pas lire est dans { $file }.
settings-unsaved = Vos choix ne seront pas retenus : les réglages ne peuvent pas être enregistrés. Vérifiez qu’il reste de la place sur le disque.
settings-unsaved-busy = Vos choix ne seront pas retenus : l’ordinateur est trop occupé. Fermez d’autres programmes, puis relancez Visavis.
recording-failed = Quelque chose n’a pas pu être enregistré. Vérifiez qu’il reste de la place sur le disque.
key-unread = La clé à laquelle vos noms d’utilisateur appartiennent ne peut pas être lue. Vérifiez qui peut lire { $file }.
key-damaged = La clé à laquelle vos noms d’utilisateur appartiennent est endommagée. Restaurez { $file } d’une sauvegarde, ou déplacez ce fichier pour commencer avec une nouvelle clé.
key-unsaved = Une clé pour vos noms d’utilisateur ne peut pas être enregistrée. Vérifiez qu’il reste de la place sur le disque.

## Contacts, blocked names, calls

people-damaged-restored = Vos contacts, appels et clés retenues étaient endommagés. Ceux du dernier démarrage sont utilisés et les clés plus récentes manquent ; le fichier endommagé est maintenant { $file }.
people-damaged = Vos contacts, appels et clés retenues sont endommagés et ne peuvent pas être affichés. Le fichier est maintenant { $file }.
people-missing = Vos contacts, appels et clés retenues manquaient. Ceux du dernier démarrage sont utilisés ; les clés plus récentes manquent.
people-stuck = Vos contacts, appels et clés retenues sont endommagés et les changements ne seront pas gardés. Déplacez { $file }.
people-unread = Vos contacts, appels et clés retenues ne peuvent pas être lus. Les changements ne seront pas gardés.
people-later = Vos contacts, appels et clés retenues viennent d’une version plus récente de Visavis. Des clés peuvent manquer et les changements ne seront pas gardés : mettez celle-ci à jour.
people-in-use = Visavis est ouvert dans une autre fenêtre avec les mêmes contacts. Les changements et les nouvelles clés d’ici ne seront pas gardés.
people-not-kept = Les nouveaux contacts, appels et clés ne peuvent pas être gardés. Vérifiez qu’il reste de la place sur le disque.
people-disk-silent = Vos contacts et clés retenues ne peuvent pas encore être lus : le disque ne répond pas.
people-not-exportable = Vos contacts et appels ne peuvent pas être enregistrés maintenant.
people-not-exported = Vos contacts et appels n’ont pas pu être enregistrés là. Choisissez un autre dossier.
people-exported = Vos contacts et appels sont enregistrés dans { $file }.
turned-away = { $name } a essayé de vous appeler et a appris que vous êtes en communication.
people-own-name = C’est votre propre nom.
people-blocked = Vous avez bloqué ce nom. Débloquez-le d’abord.
people-too-many = Il n’y a pas de place pour plus de { $most } contacts. Supprimez-en d’abord.
people-too-many-blocked = Vous ne pouvez pas bloquer plus de { $most } noms. Débloquez-en d’abord.
people-name-too-long = Ce nom est trop long. Utilisez au plus { $most } caractères.
people-no-contact = Il n’y a plus de contact de ce nom.
people-keys-of = La clé retenue de { $names } ne peut pas être lue. Comparez de nouveau le code de sécurité. Le fichier endommagé est maintenant { $file }.
people-keys-damaged = { $count ->
    [one] { $count } clé retenue ne peut pas être lue. Comparez de nouveau les codes de sécurité. Le fichier endommagé est maintenant { $file }.
   *[other] { $count } clés retenues ne peuvent pas être lues. Comparez de nouveau les codes de sécurité. Le fichier endommagé est maintenant { $file }.
}
people-key-differed = Une autre clé est retenue pour { $name } que celle de l’appel. Comparez le code de sécurité avant de dire quoi que ce soit de privé.
people-other-key = Une autre clé est retenue pour ce nom.
people-too-many-keys = Il n’y a pas de place pour plus de { $most } clés. Oubliez-en d’abord.

## La clé : où elle est, et son passage à un autre ordinateur

key-keyring-locked = La clé à laquelle appartiennent vos noms est dans votre trousseau, qui est verrouillé. Déverrouillez-le, puis reconnectez-vous.
key-keyring-silent = La clé à laquelle appartiennent vos noms est dans votre trousseau, qui ne répond pas. Déverrouillez-le ou redémarrez-le, puis reconnectez-vous.
key-keyring-missing = La clé à laquelle appartiennent vos noms est dans votre trousseau, qui est injoignable. Ouvrez à nouveau votre session sur l’ordinateur.
key-keyring-gone = La clé à laquelle appartiennent vos noms n’est plus dans votre trousseau. Importez-la depuis un fichier, ou déplacez { $file } pour commencer avec une nouvelle clé.
key-none = Il n’y a pas encore de clé. Votre première connexion en crée une.
key-busy = Votre clé est déjà en cours d’utilisation. Réessayez dans un instant.
key-exported = Votre clé est dans { $file }. Apportez ce fichier et sa phrase secrète à l’autre ordinateur.
key-imported = La clé est maintenant ici. Elle servira dès votre prochaine connexion.
key-imported-aside = La clé est maintenant ici et servira dès votre prochaine connexion. La précédente est gardée dans { $file }.
key-imported-same = C’est la clé qui est déjà ici.
key-not-kept-aside = Rien n’a été changé : la clé présente ne peut pas être mise de côté. Vérifiez qu’il reste de la place sur le disque.
key-export-exists = { $file } existe déjà. Choisissez un autre nom.
key-export-unwritten = Impossible d’écrire { $file }. Choisissez un autre dossier.
key-export-unread = Impossible de lire { $file }. Choisissez un autre fichier.
key-export-none = Ce n’est pas un fichier contenant une clé de Visavis.
key-export-newer = Ce fichier vient d’une version plus récente de Visavis. Mettez celle-ci à jour.
key-export-damaged = Ce fichier est endommagé. Copiez-le à nouveau, ou exportez à nouveau la clé.
key-export-costly = Ce fichier ne vient pas de Visavis : l’ouvrir prendrait trop de temps.
key-export-no-memory = La mémoire ne suffit pas. Fermez d’autres programmes, puis réessayez.
key-passphrase-wrong = Ce n’est pas la phrase secrète de ce fichier.
key-passphrase-too-short = Cette phrase secrète est trop courte. Utilisez plusieurs mots.

## Sharing a screen

share-no-sound = Le son de cet ordinateur n’est pas accessible : seule votre voix est entendue.
share-not-possible = Ce bureau ne permet pas aux programmes de partager l’écran.
share-display-failed = Impossible de lire les écrans de cet ordinateur pour l’instant. Réessayez dans un instant.
conversation-not-started = Impossible d’écrire ou d’envoyer quoi que ce soit dans cet appel : le système ne donne plus de threads à Visavis.
