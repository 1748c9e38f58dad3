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
server-example = calls.example.org
server-help = Un serveur permet de se trouver. L’image et le son n’y passent pas. Saisissez son adresse ou collez l’invitation que vous avez reçue.
log-in = Se connecter
logging-in = Connexion…
cancel = Annuler
username-missing = Saisissez un nom d’utilisateur. C’est avec lui qu’on vous appelle.
server-missing = Saisissez l’adresse du serveur, par exemple { $example }.

## Raccourcis clavier

keyboard-shortcuts = Raccourcis clavier
done = OK
keys-next = Aller au bouton ou au champ suivant
keys-press = Appuyer sur le bouton ; la barre d’espace le fait aussi
keys-accept = Accepter un appel
keys-hang-up = Refuser, annuler ou terminer un appel
keys-mute = Couper ou rétablir le micro, pendant un appel
keys-talk = Maintenir pour parler quand le micro est coupé, pendant un appel
keys-camera = Éteindre ou allumer la caméra, pendant un appel
keys-mini-window = Passer à la mini-fenêtre et en revenir, pendant un appel
keys-snapshot = Garder l’image de l’autre, pendant un appel
keys-full-screen = Plein écran, pendant un appel
keys-whole-picture = Afficher l’image entière ou remplir la fenêtre, pendant un appel
keys-statistics = Afficher les statistiques, pendant un appel
keys-leave = Quitter le plein écran, fermer une liste, revenir
keys-settings = Ouvrir les réglages
keys-help = Afficher ces raccourcis (un point d’interrogation aussi)
one-key-or-other = { $one } ou { $other }
key-tab = Tab
key-enter = Entrée
key-space = Espace
key-backspace = Retour arrière
key-escape = Échap
key-ctrl = Ctrl
key-shift = Maj
key-alt = Alt
key-delete = Suppr
key-insert = Inser
key-page-up = Page préc.
key-page-down = Page suiv.
key-pause = Pause
no-keys = aucune touche
shortcuts-how = Choisissez une action, puis appuyez sur ses nouvelles touches.
shortcuts-waiting = Appuyez sur les nouvelles touches
shortcuts-press = Échap garde les anciennes, Retour arrière les retire.
shortcuts-reset = Rétablir les touches habituelles
keys-taken = { $keys } sert déjà à autre chose : { $what }. Appuyez sur d’autres touches.
keys-need-modifier = Cette action marche partout : il lui faut Ctrl ou Alt, ou une touche de fonction comme F9.
keys-reserved = { $keys } sert à écrire et à se déplacer. Appuyez sur d’autres touches.
keys-unknown = Ces touches ne peuvent pas servir ici. Appuyez sur d’autres.
talking-while-held = On vous entend tant que vous maintenez { $keys }

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
