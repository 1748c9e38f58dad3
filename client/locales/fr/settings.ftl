# Les paramètres : leurs sections, et ce qu’elles contiennent.

settings-section = Section
settings-profile = Profil
settings-devices = Appareils
settings-calls = Appels
settings-network = Réseau
settings-notifications = Notifications
settings-appearance = Apparence
settings-shortcuts = Raccourcis
settings-data = Données
settings-about = À propos
settings-open = Ouvrir
settings-copy = Copier
settings-copied = Copié
from-the-next-call-on = Ce que vous changez ici vaut à partir du prochain appel.

## Appareils

mirror-own-picture = Inverser mon image en miroir
automatic-volume-hint = Garde votre voix à un niveau régulier.
trial-record = Enregistrer 3 s et réécouter
trial-tone = Jouer un son
trial-ring = Écouter
trial-stop = Arrêter
trial-opening = Un instant…
trial-recording = Enregistrement. Dites quelque chose…
trial-playing-back = Voici comment on vous entend.
trial-playing = Lecture…
trial-not-in-call = Les appareils s’essaient une fois l’appel terminé.

## Appels

callers = Qui peut vous appeler
callers-everybody = Tout le monde
callers-contacts = Les contacts seulement
callers-hint = Les noms bloqués ne vous joignent jamais.
largest-picture = Plus grande image envoyée
frame-rate = Images par seconde
largest-bitrate = Utiliser au plus
largest-bitrate-hint = En dessous, les appels s’adaptent.

## Le réseau

relay-only = Masquer mon adresse
relay-only-hint = Les appels passent par un relais, ce qui prend un peu plus de temps.
built-in-stun = Utiliser le serveur STUN intégré
built-in-stun-hint = Il indique à cet ordinateur son adresse sur Internet.
own-servers = Vos serveurs relais (TURN) ou STUN
own-servers-hint = En plus de ceux que propose votre serveur.
server-address = Adresse
server-address-example = turn:relay.example.org
server-address-wrong = Écrivez-la comme stun:example.org ou turn:example.org:3478.
server-username = Nom d’utilisateur sur le relais
server-password = Mot de passe
show-password = Afficher le mot de passe
server-credentials-missing = Un relais demande un nom d’utilisateur et un mot de passe. Saisissez les deux.
server-known = Ce serveur est déjà dans la liste.
too-many-servers = Il y a assez de serveurs. Retirez-en un d’abord.
server-unusable = Cette adresse est inutilisable. Retirez-la.
server-with-password = En tant que { $name }, avec mot de passe
server-without-password = Sans mot de passe
add-server = Ajouter le serveur
remove-server = Retirer { $address }

## Notifications et sonnerie

do-not-disturb-hint = Les appels comptent comme manqués sans sonner.
quiet-hours = Heures calmes
quiet-hours-hint = De même, chaque jour à ces heures.
quiet-from = De
quiet-until = À
time-wrong = Écrivez une heure comme 22:30.
ring-aloud = Sonner quand on appelle
ring-volume = Volume de la sonnerie
ring-speaker = Sonner par
ring-speaker-of-calls = Haut-parleur des appels
ring-tone = Sonnerie
ring-how = Comment cela sonne
ring-bells = Cloches
ring-marimba = Marimba
ring-telephone = Téléphone
ring-drops = Gouttes
show-notifications = Afficher une notification sur le bureau
settings-tray = Rester dans la zone de notification
settings-tray-hint = On peut encore vous appeler.

## Apparence

less-motion = Moins d’animations
less-motion-hint = Rien ne glisse : tout apparaît simplement.

## Profil

not-logged-in = Vous n’êtes pas connecté.
logged-in-at = Sur { $server }
settings-copy-link = Copier mon lien
settings-server-encrypted = Chiffré
settings-server-not-encrypted = Non chiffré : on peut lire en chemin qui appelle qui.
your-key = Votre clé
your-key-hint = Elle prouve que le nom est à vous, et reste sur cet ordinateur.
log-out-hint = On ne peut plus vous appeler jusqu’à votre prochaine connexion.
log-out-in-call = Cela met fin à l’appel. Se déconnecter quand même ?
blocked-names-hint = Ils ne peuvent ni vous appeler ni rien apprendre de vous.

## Données

data-folder = Clés, contacts et appels
settings-folder = Paramètres
folder-none = Seulement jusqu’à la fin du programme.
data-after-log-in = Connectez-vous pour exporter ou effacer contacts et appels.
export-people = Exporter contacts, appels et clés
export-people-hint = Les noms bloqués et les clés publiques des appels passés aussi, dans un fichier lisible par d’autres programmes.
export-file = Fichier
export-file-wrong = Saisissez le chemin complet d’un fichier.
settings-export = Exporter
settings-erase = Effacer
erase-history = Appels récents
erase-history-sure = Effacer tous les appels récents ? C’est définitif.
erase-people = Tout sur les personnes
erase-people-hint = Contacts, noms bloqués, appels récents et clés retenues sur ce serveur.
erase-people-sure = Effacer tous les contacts, noms bloqués, appels et clés retenues ? Les personnes bloquées pourront rappeler, et le prochain appel de chacun comptera comme le premier : une autre clé passerait inaperçue. C’est définitif.

## À propos

licence = Logiciel libre, sous licence MIT ou Apache 2.0
build = Cette version
build-of-commit = Commit { $commit }, compilée le { $date }
build-of-unknown-commit = Compilée le { $date } ; le commit n’est pas connu
build-in-development = Une version de développement : ni commit ni date ne sont enregistrés
licences-inside = Ce qu’il contient
licences-inside-list = webrtc et egui (MIT ou Apache 2.0), OpenH264 (BSD), Opus et Sonora (BSD), la police Inter (OFL) et d’autres logiciels libres.
log = Journal
log-hint = Il se trouve là d’où Visavis a été lancé : dans ce terminal ou dans le journal du système. Il ne contient ni adresses ni clés.

## La clé

key-in-keyring = Dans le trousseau de cet ordinateur.
key-in-file = Dans le fichier { $file }.
move-key = Passer à un autre ordinateur
move-key-hint = Avec la même clé, vous y êtes la même personne.
export-key = Enregistrer la clé dans un fichier
import-key = Utiliser la clé d’un fichier
import-key-sure = Remplacer la clé présente ici ? Des noms lui appartiennent. Elle sera gardée de côté.
key-passphrase = Phrase secrète
key-passphrase-again = La même encore une fois
key-passphrases-differ = Les deux phrases secrètes diffèrent.
key-passphrase-weak = Faible : qui trouve le fichier peut la deviner.
key-passphrase-fair = Moyenne : la deviner prend longtemps.
key-passphrase-strong = Forte.
key-working = Un instant…
key-save = Enregistrer la clé
key-use = Utiliser la clé
