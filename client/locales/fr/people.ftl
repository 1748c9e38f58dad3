# L’écran entre les appels : qui est en ligne, qui appeler, les salons, un coup d’œil sur soi.

online = En ligne
offline = Hors ligne
people-online = { $count ->
    [one] { $count } personne en ligne
   *[other] { $count } personnes en ligne
}
people-online-first = { $count } personnes en ligne, les { $shown } premières affichées
nobody-online = Personne d’autre n’est en ligne
ask-somebody = Demandez à quelqu’un d’ouvrir Visavis et de se connecter à { $server }. Son nom apparaîtra ici.
ask-somebody-here = Demandez à quelqu’un d’ouvrir Visavis et de se connecter à ce serveur. Son nom apparaîtra ici.
reaching-server = Recherche du serveur…
server-gone = Le serveur est injoignable. Nouvel essai en cours ; aucun appel n’est possible d’ici là.
log-out = Se déconnecter

## Appeler quelqu’un

username-to-call = Nom de la personne à appeler
their-name = Son nom
call = Appeler
call-person = Appeler { $name }
callee-missing = Saisissez le nom de la personne à appeler.

## Noms

name-missing = Saisissez au moins une lettre ou un chiffre.
name-too-long = Un nom d’utilisateur a { $most } caractères au plus.
name-space = Un nom d’utilisateur ne peut pas contenir d’espace. Utilisez « - », « _ » ou « . ».
name-invisible = Ce nom d’utilisateur contient un caractère invisible. Tapez-le au lieu de le coller.
name-character = Un nom d’utilisateur ne peut pas contenir « { $character } ». Utilisez des lettres, des chiffres, « . », « - » et « _ ».
name-misplaced = « { $character } » ne peut pas être à cet endroit. Commencez et finissez par une lettre ou un chiffre, et placez-en un entre « . », « - » et « _ ».
name-mixed-scripts = Ce nom d’utilisateur mélange des lettres de plusieurs alphabets. Utilisez-en un seul.
name-mixed-digits = Ce nom d’utilisateur mélange plusieurs sortes de chiffres. Utilisez 0 à 9.
name-looks-latin = Ce nom d’utilisateur ressemble à un nom en lettres latines. Utilisez des lettres latines, ou ajoutez une lettre différente.
name-direction = Les lettres de ce nom d’utilisateur s’écrivent dans des sens différents. Utilisez-en un seul, et commencez par une lettre.
name-no-form = Ce nom d’utilisateur peut se lire de plusieurs façons. Utilisez des lettres et des chiffres simples.

## Salons

room-word = Le mot convenu
room-hint = Un mot connu de vous deux
join = Rejoindre
join-room = Rejoindre le salon
joining-room = Entrée dans { $room }…
in-room = Vous êtes dans { $room }. La prochaine personne qui entre peut vous appeler.
mate-in-room = { $name } est aussi dans { $room }.
call-person-in-room = Appeler { $name } dans { $room }
room-missing = Saisissez le mot convenu avec l’autre personne.
room-too-long = Ce mot est trop long. Utilisez { $most } caractères au plus.
room-unprintable = Ce mot contient un caractère qui ne peut pas s’afficher. Tapez-le à nouveau.
room-full = Il y a déjà deux personnes dans { $room }. Convenez d’un autre salon.
room-refused = Le serveur ne vous a pas laissé entrer dans { $room }.

## Un coup d’œil sur soi

show-preview = Afficher l’aperçu
stop-preview = Arrêter l’aperçu
own-picture = Votre image, en miroir
waiting-for-camera = La caméra démarre…
camera-is-off = La caméra est éteinte

## Contacts, blocked names, calls

tab-people = Personnes
tab-calls = Appels
tab-calls-missed = { $count ->
    [one] Appels, { $count } manqué
   *[other] Appels, { $count } manqués
}
search = Rechercher
search-hint = Rechercher, ou un nom à appeler
contacts = Contacts
blocked-names = Bloqués
blocked = Bloqué
presence-unknown = On ne sait pas si cette personne est en ligne
no-calls-yet = Aucun appel pour l’instant. Vos appels apparaîtront ici.
erase-calls = Effacer tous les appels
call-missed = Manqué
call-missed-while-busy = Manqué pendant un autre appel
call-unanswered = Pas de réponse
call-declined = Refusé
call-busy = Était déjà en communication
call-cancelled = Annulé
call-offline = Était hors ligne
call-not-connected = Non connecté
missed-call = Appel manqué
they-called = { $name } a appelé
you-called = Vous avez appelé
calls-with = Appels avec { $name }
call-without-video = Appeler sans vidéo
add-contact = Ajouter aux contacts
rename = Renommer
remove-contact = Retirer des contacts
block = Bloquer
unblock = Débloquer
blocked-line = { $name } ne peut pas vous appeler et n’en saura rien.
display-name = Nom à donner à { $name }
save = Enregistrer
name-and-state = { $name } · { $state }

## Lignes au-dessus des personnes

missed-call-from = Appel manqué de { $name }, { $time }
missed-calls-last = { $count } appels manqués, le dernier de { $name }, { $time }
two-sentences = { $first } { $second }
call-back = Rappeler

## Invitations

invite = Inviter
invite-somebody = Inviter quelqu’un
invite-line = Quiconque ouvre ce lien dans Visavis peut vous appeler tant que vous êtes en ligne.
invite-here-only = Le serveur fonctionne sur cet ordinateur : le lien ne marche donc qu’ici.
invite-link = Lien
copy-link = Copier le lien
copy-room-link = Copier un lien vers { $room }
link-copied = Copié
no-visavis-yet = On ne vous trouve pas ?
no-visavis-line = Envoyez un lien qui mène à vous.
join-a-room = Salle
leave-room = Quitter
leave-the-room = Quitter { $room }
nobody-yet = Les personnes que vous appelez ou ajoutez apparaissent ici.

## Fermer la fenêtre

closing-in-call = Terminer l’appel et quitter ?
closing-in-call-line = Vous êtes en appel avec { $name }.
close-call-and-quit = Raccrocher et quitter
keep-calling = Rester en appel
closing-to-tray = Laisser Visavis ouvert ?
closing-to-tray-line = Visavis peut attendre dans la zone de notification, pour qu’on puisse encore vous appeler. Vous le rouvrez de là.
keep-in-tray = Laisser ouvert
