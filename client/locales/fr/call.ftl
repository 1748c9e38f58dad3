# Un appel : appeler, être appelé, pendant l’appel, comment il a fini.

calling-person = Appel à { $peer }
calling = Appel…
ringing = Ça sonne…
connecting-person = Connexion à { $peer }
connecting = Connexion…
person-is-calling = { $peer } appelle
accept = Accepter
accept-without-video = Accepter sans vidéo
decline = Refuser
accept-decline-keys = { $accept } accepte, { $decline } refuse
accepting-opens-both = Accepter allume votre caméra et votre micro.
accepting-opens-microphone = Accepter allume votre micro. Votre caméra reste éteinte.
accepting-opens-camera = Accepter allume votre caméra. Votre micro reste coupé.
accepting-opens-nothing = Votre caméra reste éteinte et votre micro coupé.

## Pendant l’appel

picture-of = Image de { $peer }
no-picture-from = Aucune image de { $peer }
waiting-for-picture = En attente de l’image de { $peer }…
close-call = Terminer
close-call-hint = Terminer l’appel ({ $keys })
mute = Couper le micro
mute-hint = Couper le micro ({ $keys })
unmute-hint = Rétablir le micro ({ $keys })
camera-on-hint = Allumer la caméra ({ $keys })
camera-off-hint = Éteindre la caméra ({ $keys })
camera-missing-hint = Il n’y a pas de caméra. Choisissez-en une autre.
devices = Appareils
devices-hint = Choisir la caméra, le micro et le haut-parleur
more = Plus
close-devices = Fermer les appareils
full-screen = Plein écran
full-screen-hint = Afficher l’appel en plein écran ({ $keys })
leave-full-screen-hint = Quitter le plein écran ({ $keys })
time-in-call = En appel depuis { $time }
their-microphone-muted = { $peer } a coupé son micro
their-camera-off = La caméra de { $peer } est éteinte
talking-while-muted = Votre micro est coupé et vous parlez
silent-microphone = On ne vous entend pas : votre micro est silencieux
unmute = Rétablir le micro
choose-microphone = Choisir un autre micro
choose-camera = Choisir une autre caméra
choose-speaker = Choisir un autre haut-parleur
take-snapshot = Prendre une photo
mini-window = Mini-fenêtre
mini-window-hint = Une petite fenêtre au-dessus de toutes les autres ({ $keys })
leave-mini-window-hint = Revenir à la grande fenêtre ({ $keys })
snapshot-kept = L’image est dans { $folder } sous le nom « { $file } ».
snapshot-failed = L’image n’a pas pu être enregistrée dans { $folder }. Vérifiez qu’il y a de la place et que vous pouvez y écrire.
snapshot-no-folder = L’image n’a pas pu être enregistrée : cet ordinateur n’a pas de dossier pour les images.
snapshot-none = Il n’y a pas encore d’image de { $peer } à garder.
show-in-folder = Afficher dans le dossier
folder-not-shown = Le dossier n’a pas pu être ouvert. Cherchez l’image avec votre gestionnaire de fichiers.
folder-not-opened = Le dossier n’a pas pu être ouvert. Copiez son chemin et cherchez-le avec votre gestionnaire de fichiers.
interrupted = Reconnexion… Recherche d’un autre chemin vers { $peer }.
interrupted-for = Reconnexion… Recherche d’un autre chemin vers { $peer } ({ $time }).
you = Vous
you-are-muted = Votre micro est coupé.
own-camera-off = Votre caméra est éteinte
own-picture-plain = Votre image
self-view-keys = Les flèches la déplacent dans un autre coin, plus et moins changent sa taille, H la masque.
self-view-plain = Ne pas refléter votre image
self-view-mirror = Refléter votre image
self-view-hide = Masquer votre image ({ $keys })
self-view-show = Afficher votre image
whole-picture = Afficher l’image entière
fill-window = Remplir la fenêtre
show-own-picture = Afficher mon image
hide-own-picture = Masquer mon image
menu-full-screen = Remplir l’écran
menu-leave-full-screen = Quitter le plein écran

## L’état de la connexion

computer-busy = Cet ordinateur est surchargé : chaque image prend { $time } ms
their-connection-weak = La connexion de l’autre est faible : { $percent } % de ses paquets se perdent
your-connection-weak = Votre connexion est faible : { $percent } % de vos paquets se perdent
your-upload-slow = Votre envoi est lent : { $kilobits } kbit/s seulement
connection-late = La connexion est lente : ce que vous dites arrive { $time } ms plus tard

## Comment il a fini

back = Retour
call-again = Rappeler
talked-for = Durée de l’appel : { $time }.
ended-by-us = Vous avez terminé l’appel avec { $peer }.
cancelled-by-us = Vous avez annulé l’appel à { $peer }.
declined-by-us = Vous avez refusé l’appel de { $peer }.
ended-by-them = { $peer } a terminé l’appel.
cancelled-by-them = { $peer } a annulé l’appel.
call-back-to-hear = Rappelez pour savoir de quoi il s’agissait.
declined-by-them = { $peer } a refusé l’appel.
try-later = Réessayez plus tard.
on-another-call = { $peer } est déjà en appel.
no-answer = { $peer } n’a pas répondu.
not-online = { $peer } n’est pas en ligne.
check-name = Vérifiez l’orthographe du nom, et que vous êtes tous deux connectés au même serveur.
not-passed-on = Le serveur n’a pas transmis l’appel.
went-offline = { $peer } s’est déconnecté avant le début de l’appel.
call-when-back = Rappelez plus tard.
server-lost = La connexion au serveur a été perdue avant le début de l’appel.
check-network = Vérifiez votre connexion réseau, puis rappelez.
not-connected-to = Impossible de joindre { $peer }.
firewall-try = Un pare-feu bloque peut-être d’un côté. Rappelez, ou essayez un autre réseau.
their-app-failed = L’application de l’autre n’a pas pu établir l’appel. Réessayez.
call-not-set-up = Les deux applications n’ont pas pu s’entendre. L’une d’elles a peut-être besoin d’une mise à jour.
part-failed = Une partie de l’appel n’a pas pu démarrer. Fermez d’autres programmes, puis rappelez.
connection-lost = La connexion avec { $peer } a été perdue.

## Pourquoi le serveur ne transmet pas un appel

refused-version = Le serveur ne comprend pas cette version de Visavis. L’un des deux a besoin d’une mise à jour.
refused-logged-out = Le serveur vous a déconnecté. Reconnectez-vous.
refused-unknown = Personne n’est en ligne sous ce nom.
refused-not-allowed = Le serveur n’autorise pas cet appel.
refused-too-large = La description de l’appel est trop grande pour le serveur. Essayez avec moins de connexions réseau.
refused-too-often = C’est trop souvent. Réessayez dans une minute.
refused-room-full = Il y a déjà deux personnes dans ce salon.
refused-unavailable = Les serveurs ne se joignent pas en ce moment. Réessayez bientôt.
refused-call = Le serveur a refusé l’appel.
log-in-first = Connectez-vous avant d’appeler quelqu’un.
own-name = C’est votre propre nom. Appelez quelqu’un d’autre.

## Images qui ne peuvent pas s’afficher

their-picture-no-format = L’image de { $peer } ne peut pas s’afficher : son programme n’envoie pas de H.264, seul format affichable ici.
their-picture-refused = L’image de { $peer } ne peut pas s’afficher : son programme a refusé la vidéo. Il n’a peut-être pas le H.264, seul format affichable ici.
their-picture-none = L’image de { $peer } ne peut pas s’afficher : son programme n’envoie pas de vidéo.
their-picture-interlaced = L’image de { $peer } ne peut pas s’afficher : elle est entrelacée. Une autre caméra ou un autre programme de son côté peut aider.
their-picture-bits = L’image de { $peer } ne peut pas s’afficher : elle a { $bits } bits par couleur, et seuls 8 sont affichables. Un autre programme ou réglage de son côté peut aider.
their-picture-colours = L’image de { $peer } ne peut pas s’afficher : ses couleurs sont plus fines que ce qui s’affiche ici. Un autre programme ou réglage de son côté peut aider.
their-picture-size = L’image de { $peer } ne peut pas s’afficher : elle fait { $size }, et 1920x1080 est le maximum. Une image plus petite peut être choisie de son côté.
their-picture-memory = L’image de { $peer } ne peut pas s’afficher : elle demande plus de mémoire que convenu. Un autre programme ou réglage de son côté peut aider.
their-picture-profile = L’image de { $peer } ne peut pas s’afficher : cette sorte de H.264 est inconnue ici. Un autre programme ou réglage de son côté peut aider.
their-picture-no-key-frame = L’image de { $peer } ne peut pas s’afficher : aucune image entière n’est arrivée depuis un moment. Éteindre et rallumer la caméra de son côté aide.
cannot-see-you = { $peer } ne vous voit pas
cannot-see-you-no-format = { $peer } ne vous voit pas : son programme n’accepte pas le H.264, seul format envoyé ici.
cannot-see-you-refused = { $peer } ne vous voit pas : son programme a refusé la vidéo.
cannot-see-you-none = { $peer } ne vous voit pas : son programme n’accepte pas de vidéo.

## Statistiques

statistics = Statistiques
close-statistics = Fermer les statistiques
statistics-soon = Les premiers chiffres arrivent dans un instant.
statistics-you-send = Envoyé
statistics-they-send = Reçu
statistics-audio = Son envoyé, reçu
statistics-upload = Envoi possible
statistics-round-trip = Aller-retour
statistics-lost = Pertes à l’aller, au retour
statistics-jitter-buffer = Tampon de gigue : son, image
statistics-concealed = Son dissimulé
statistics-freezes = Images figées
statistics-codec = Codage, décodage
statistics-delay = Retard : image, son
statistics-video = { $width }×{ $height }, { $rate }/s, { $bitrate }
plot-sent = Envoyé, et possible
plot-round-trip = Aller-retour
plot-lost = Pertes au retour et à l’aller
plot-jitter-buffer = Tampon de gigue : son, image
plot-now = { $name }, la dernière minute : { $values } maintenant
plot-not-measured = { $name }, la dernière minute : pas mesuré maintenant

## Who is at the other end.
key-missing = { $peer } n’a signé cet appel avec aucune clé, alors qu’il y en avait une avant.
key-changed = La clé de { $peer } a changé.
key-changed-advice = Rien de l’appel n’a commencé. Demandez à { $peer } par un autre moyen ; si vous appelez, comparez d’abord le code de sécurité.
call-untrusted = L’appel avec { $peer } n’était pas sûr et a été arrêté.
untrusted-signature = Ce qui est arrivé n’était pas signé avec la clé de l’autre. Quelqu’un s’est peut-être interposé.
untrusted-certificate = Le certificat de l’autre a changé pendant l’appel. Quelqu’un s’est peut-être interposé.
untrusted-opening = Le code de sécurité de l’autre a été mal ouvert. Quelqu’un s’est peut-être interposé.
untrusted-unreadable = La signature de l’autre est illisible. Demandez-lui de mettre Visavis à jour.
call-refused-untrusted = Un appel prétendument de { $peer } a été refusé : il n’était pas signé avec la clé indiquée. Quelqu’un s’est peut-être interposé.
