# La fenêtre dans son ensemble : titre, connexion, raccourcis, avis.

title-ringing = { $peer } appelle – Visavis
title-calling = Appel à { $peer } – Visavis
title-in-call = En appel avec { $peer } – Visavis
title-logged-in = { $name } – Visavis

## Connexion

tagline = Appels vidéo privés à deux
username = Nom d’utilisateur
username-example = alice
server = Serveur
server-example = ws://127.0.0.1:9090
server-help = Un serveur permet de se trouver. L’image et le son n’y passent pas. Demandez son adresse à qui vous a invité.
log-in = Se connecter
logging-in = Connexion…
cancel = Annuler
username-missing = Saisissez un nom d’utilisateur. C’est avec lui qu’on vous appelle.
server-missing = Saisissez l’adresse du serveur, par exemple { $example }.

## Raccourcis clavier

keyboard-shortcuts = Raccourcis clavier
done = OK
keys-next = aller au bouton ou au champ suivant
keys-press = appuyer sur le bouton
keys-accept = accepter un appel
keys-hang-up = refuser, annuler ou terminer un appel
keys-mute = couper ou rétablir le micro, pendant un appel
keys-camera = éteindre ou allumer la caméra, pendant un appel
keys-full-screen = plein écran, pendant un appel
keys-whole-picture = afficher l’image entière ou remplir la fenêtre, pendant un appel
keys-statistics = afficher les statistiques, pendant un appel
keys-leave = quitter le plein écran, fermer une liste, revenir
keys-help = afficher cette liste
one-key-or-other = { $one } ou { $other }
key-tab = Tab
key-enter = Entrée
key-space = Espace
key-backspace = Retour arrière
key-escape = Échap
key-ctrl = Ctrl
key-shift = Maj
key-alt = Alt

## Avis

notices = Avis
dismiss = Fermer
dismiss-notice = Fermer : { $notice }
older-notices = { $count ->
    [one] et { $count } plus ancien
   *[other] et { $count } plus anciens
}

## Settings

settings = Réglages
theme = Thème
theme-follow = Comme le système
theme-dark = Sombre
theme-light = Clair
language = Langue
language-system = Comme le système
scale = Taille de l’ensemble
do-not-disturb = Ne pas déranger
begin-with-camera = Les appels commencent avec la caméra
begin-with-microphone = Les appels commencent avec le micro

## The desktop

desktop-video-call = Appel vidéo
desktop-answer = Répondre
desktop-show = Afficher Visavis
desktop-mute = Couper le micro
desktop-quit = Quitter
desktop-in-a-call = En appel vidéo
desktop-in-call-with = En communication avec { $name }
invitation-elsewhere = Cette invitation est pour un autre serveur. Déconnectez-vous, connectez-vous à { $server }, puis ouvrez-la de nouveau.
desktop-missed-calls = { $count ->
    [one] { $count } appel manqué
   *[other] { $count } appels manqués
}
desktop-missed-from = Appel manqué de { $name }
desktop-names = { $names }
desktop-names-and-more = { $names } et { $more } autres
