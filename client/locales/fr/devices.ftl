# Caméras, micros et haut-parleurs : leurs listes, et ce qui ne va pas.

camera = Caméra
microphone = Micro
speaker = Haut-parleur
system-default = Par défaut du système
system-default-device = Par défaut : { $device }
sound-or-video-file = Fichier { $name }
device-not-connected = { $device } (non branché)
test-picture = Mire
test-tone = Son de test
no-camera = Aucune caméra
no-microphone = Aucun micro
no-sound = Aucun son
look-for-devices = Rechercher les appareils
cancel-echo = Supprimer l’écho
cancel-echo-hint = Évite que les autres s’entendent par votre haut-parleur.
reduce-noise = Réduire le bruit
automatic-volume = Volume automatique
their-volume = Volume de l’autre
microphone-level = Niveau du micro

## La caméra

camera-none = Aucune caméra trouvée. Branchez-en une.
camera-unknown = La caméra « { $device } » n’est pas là. Choisissez-en une autre.
camera-busy = La caméra « { $device } » est utilisée par un autre programme. Fermez ce programme, ou choisissez une autre caméra.
camera-forbidden = Visavis ne peut pas utiliser la caméra « { $device } ». Autorisez-le dans les réglages de confidentialité du système.
camera-no-answer = La caméra « { $device } » ne répond pas. Débranchez-la et rebranchez-la, ou choisissez-en une autre.
camera-no-format = La caméra « { $device } » n’offre aucune image que Visavis puisse utiliser. Choisissez-en une autre.
camera-failed = La caméra « { $device } » ne s’ouvre pas. Choisissez-en une autre.
camera-lost = La caméra s’est arrêtée ou a été débranchée. Rebranchez-la, ou choisissez-en une autre.
camera-slow = La caméra n’est pas encore ouverte. Autorisez-la si le système le demande, ou choisissez-en une autre.
video-file-failed = Le fichier vidéo { $name } ne peut pas être lu. Choisissez une caméra.
nothing-comes-from-file = Rien ne vient encore de { $name }. Lancez ce qui y écrit.
nobody-reads-file = Rien ne lit encore { $name }. Lancez ce qui le lit.
no-thread = L’ordinateur est trop occupé pour ouvrir l’appareil. Fermez d’autres programmes.
driver-failed = L’appareil est en panne. Choisissez-en un autre.
call-without-picture = { $trouble } L’appel continue sans votre image.

## Le micro

microphone-none = Aucun micro trouvé. Branchez-en un.
microphone-unknown = Le micro « { $device } » n’est pas là. Choisissez-en un autre.
microphone-busy = Le micro « { $device } » est utilisé par un autre programme. Fermez ce programme, ou choisissez un autre micro.
microphone-forbidden = Visavis ne peut pas utiliser le micro « { $device } ». Autorisez-le dans les réglages de confidentialité du système.
microphone-failed = Le micro « { $device } » ne s’ouvre pas. Choisissez-en un autre.
microphone-no-answer = Le micro ne s’ouvre pas. Débranchez-le et rebranchez-le, ou choisissez-en un autre.
microphone-unusable = Ce micro n’est pas utilisable. Choisissez-en un autre.
microphone-slow = Le micro ne répond pas. Choisissez-en un autre.
microphone-lost = Le micro s’est arrêté ou a été débranché. Rebranchez-le, ou choisissez-en un autre.
microphone-replaced = Le micro a été débranché. Celui du système est utilisé à sa place.
sound-file-failed = Le fichier son ne peut pas être lu. Choisissez un micro.
call-without-voice = { $trouble } L’appel continue sans votre voix.

## Le haut-parleur

speaker-none = Aucun haut-parleur trouvé. Branchez-en un.
speaker-unknown = Le haut-parleur « { $device } » n’est pas là. Choisissez-en un autre.
speaker-busy = Le haut-parleur « { $device } » est utilisé par un autre programme. Fermez ce programme, ou choisissez un autre haut-parleur.
speaker-forbidden = Visavis ne peut pas utiliser le haut-parleur « { $device } ». Autorisez-le dans les réglages de confidentialité du système.
speaker-failed = Le haut-parleur « { $device } » ne s’ouvre pas. Choisissez-en un autre.
speaker-no-answer = Le haut-parleur ne s’ouvre pas. Débranchez-le et rebranchez-le, ou choisissez-en un autre.
speaker-unusable = Ce haut-parleur n’est pas utilisable. Choisissez-en un autre.
speaker-slow = Le haut-parleur ne répond pas. Choisissez-en un autre.
speaker-lost = Le haut-parleur s’est arrêté ou a été débranché. Rebranchez-le, ou choisissez-en un autre.
speaker-replaced = Le haut-parleur a été débranché. Celui du système est utilisé à sa place.
recording-file-failed = Le son ne peut pas être enregistré dans ce fichier. Choisissez un haut-parleur.
recording-stopped = Le son n’est plus enregistré.
call-without-sound = { $trouble } Vous n’entendrez pas l’autre.
sound-through-default = { $trouble } Vous entendez l’autre par le haut-parleur du système.

## Essais

trial-microphone-silent = Rien n’a été entendu. Parlez plus fort ou choisissez un autre micro.
trial-no-microphone = Aucun micro n’est choisi. Choisissez-en un d’abord.
trial-no-speaker = Aucun haut-parleur n’est choisi. Choisissez-en un d’abord.
