# Sharing a screen or a window, and seeing the other's.

## Choosing

share = Partager
share-hint = Partager un écran ou une fenêtre ({ $keys })
stop-sharing-hint = Arrêter le partage ({ $keys })
share-title = Partager un écran ou une fenêtre
share-line = { $peer } ne voit que ce que vous choisissez ici, jusqu’à ce que vous arrêtiez.
share-screens = Écrans
share-windows = Fenêtres
share-portal = Écran ou fenêtre
share-portal-line = Votre bureau demande lequel.
share-screen-numbered = Écran { $number }
share-untitled = Fenêtre sans titre
share-name-and-size = { $name }, { $width }×{ $height }
share-camera = Garder ma caméra dans un coin
share-sound = Son de cet ordinateur
share-this-screen = Partager cet écran
share-this-window = Partager cette fenêtre
share-looking = Recherche d’écrans et de fenêtres…
share-nothing = Il n’y a ni écran ni fenêtre à partager.
close-share = Fermer le partage

## While sharing

share-other = Partager autre chose
stop = Arrêter
stop-sharing = Arrêter le partage
sees-screen = { $peer } voit votre écran
sees-named-screen = { $peer } voit votre écran « { $name } »
sees-window = { $peer } voit votre fenêtre « { $name } »
sees-untitled-window = { $peer } voit votre fenêtre
sees-what-you-chose = { $peer } voit ce que vous avez choisi
share-starts = Rien n’est encore partagé…
share-desktop-asks = Choisissez dans la fenêtre de votre bureau
share-hidden = Votre fenêtre n’est pas visible : { $peer } la voit telle qu’elle était
what-they-see = Ce que voit { $peer }

## When it ends by itself

share-ended-window = La fenêtre a été fermée et n’est plus partagée.
share-ended-screen = L’écran a été débranché et n’est plus partagé.
share-ended-not-allowed = Votre bureau ne l’a pas permis, ou rien n’a été choisi : rien n’est partagé.
share-ended-desktop = Votre bureau a arrêté le partage.
share-ended-failed = Rien n’est plus partagé : { $why } Partagez de nouveau si besoin.

## The other's screen

screen-of = Écran de { $peer }
zoom-in = Plus grand
zoom-out = Plus petit
zoom-fit = Ajuster
zoom-fit-hint = Ajuster à la fenêtre (0)
zoom-original = Taille d’origine
zoom-original-hint = Taille d’origine (1)
zoom-now = Zoom : { $percent }
keys-zoom = Agrandir ou réduire l’écran de l’autre, pendant un appel
keys-original = Afficher l’écran de l’autre à sa taille d’origine, pendant un appel
keys-text = Afficher ou masquer le texte et les fichiers, pendant un appel
keys-share = Partager un écran ou une fenêtre, ou arrêter, pendant un appel
