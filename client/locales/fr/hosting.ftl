# Serveurs à proximité, et un sur cet ordinateur

nearby = À proximité
start-one = Lancer ici
start-and-log-in = Lancer et se connecter
nearby-looking = Recherche sur votre réseau
nearby-comes = Les serveurs de votre réseau apparaissent ici d’eux-mêmes.
nearby-none = Aucun serveur n’a été trouvé sur ce réseau. Saisissez une adresse ou lancez un serveur ici.
nearby-none-here = Aucun serveur n’a été trouvé sur ce réseau. Saisissez l’adresse d’un serveur.
nearby-servers = Serveurs à proximité
nearby-online = { $count ->
    [0] Encore personne en ligne
    [one] { $count } personne en ligne
   *[other] { $count } personnes en ligne
}
nearby-choose = Choisissez d’abord un serveur dans la liste.

start-here = Cet ordinateur devient le serveur
start-here-line = Sur votre réseau, on le trouve sous « À proximité » avec le nom « { $name } ». Il tourne tant que Visavis est ouvert ici et ne demande aucun réglage.
server-here = Votre serveur tourne sur cet ordinateur
server-here-line = { $count ->
    [one] Son adresse est { $address }. { $count } personne est connectée.
   *[other] Son adresse est { $address }. { $count } personnes sont connectées.
}
stop-server = Arrêter le serveur
server-here-address = Adresse pour les autres
invite-qr-code = Code QR du lien
server-here-alone = Cet ordinateur n’est sur aucun réseau : lui seul peut joindre le serveur.
server-here-network = Tout le monde sur ce réseau peut le joindre. Depuis Internet, personne ne le peut, sauf si votre routeur redirige le port { $port } vers cet ordinateur.
server-here-everyone = Tout Internet peut le joindre, si aucun pare-feu ne s’y oppose.
server-here-while-open = Il tourne tant que Visavis est ouvert ici.
server-here-in-tray = Le laisser tourner quand la fenêtre est fermée
stop-server-question = Arrêter le serveur ?
closing-with-guests = Arrêter le serveur et quitter ?
closing-with-guests-line = { $count ->
    [one] { $count } autre personne utilise le serveur de cet ordinateur. Sans lui, elle ne trouve plus personne.
   *[other] { $count } autres personnes utilisent le serveur de cet ordinateur. Sans lui, elles ne trouvent plus personne.
}
stop-server-and-quit = Arrêter le serveur et quitter
keep-server = Le laisser tourner

server-here-ports = Aucun serveur n’a pu être lancé : d’autres programmes occupent tous les ports de { $first } à { $last }. Fermez-en un et réessayez.
server-here-not-permitted = Cet ordinateur ne laisse pas Visavis lancer de serveur. Demandez à la personne qui le gère.
server-here-folder = Aucun serveur n’a pu être lancé : impossible d’écrire dans { $folder }, où il garde les noms. Donnez-vous le droit d’y écrire.
server-here-full = Aucun serveur n’a pu être lancé : le disque est plein. Libérez de la place et réessayez.
server-here-already = Une autre fenêtre fait déjà tourner un serveur sur cet ordinateur. Choisissez-le sous « À proximité ».
server-here-names = Aucun serveur n’a pu être lancé : les noms de { $file } sont illisibles. Déplacez le fichier pour repartir de zéro.
server-here-failed = Aucun serveur n’a pu être lancé ici. Réessayez ou choisissez-en un autre.
