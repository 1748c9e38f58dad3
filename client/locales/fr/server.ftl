# Pourquoi on n’est pas connecté.

no-server-address = « { $typed } » n’est pas une adresse de serveur. Écrivez un nom comme calls.example.org.
server-unknown-name = Aucun serveur ne s’appelle { $server }. Vérifiez l’orthographe, et que cet ordinateur est en ligne.
server-not-running = Aucun serveur ne fonctionne à { $server }. Vérifiez l’adresse, et que le serveur est démarré.
server-no-answer = { $server } ne répond pas. Vérifiez l’adresse, et qu’aucun pare-feu ne bloque.
server-no-route = { $server } est injoignable depuis ce réseau. Vérifiez que cet ordinateur est en ligne.
server-silent-tls = { $server } ne répond pas comme un serveur Visavis. Vérifiez l’adresse. Si le serveur n’est pas chiffré, désactivez « Connexion chiffrée ».
server-silent = { $server } ne répond pas comme un serveur Visavis. Vérifiez l’adresse. Si le serveur est chiffré, activez « Connexion chiffrée ».
server-not-encrypted = { $server } n’est pas chiffré. Désactivez « Connexion chiffrée », ou demandez l’adresse chiffrée.
server-encrypted = { $server } n’accepte que des connexions chiffrées. Activez « Connexion chiffrée ».
server-untrusted = Cet ordinateur ne fait pas confiance au certificat de { $server }. Vérifiez l’adresse. Si le serveur est à vous, donnez-lui un certificat d’une autorité connue.
server-expired = Le certificat de { $server } a expiré. Demandez à son responsable de le renouveler, et vérifiez l’horloge de cet ordinateur.
server-not-yet-valid = Le certificat de { $server } n’est pas encore valable. Vérifiez l’horloge de cet ordinateur.
server-other-name = Le certificat de { $server } est pour un autre nom. Écrivez le nom du serveur comme dans son certificat.
server-bad-certificate = Le certificat de { $server } n’est pas utilisable. Prévenez le responsable du serveur.
server-encryption-fails = Une connexion chiffrée à { $server } est impossible. Prévenez le responsable du serveur.
server-too-many = { $server } n’accepte plus de connexions d’ici pour l’instant. Attendez une minute et réessayez.
server-behind-proxy = { $server } ne fonctionne pas en ce moment. Réessayez plus tard, ou prévenez son responsable.
server-busy = { $server } est surchargé ou redémarre. Réessayez dans un instant.
server-not-admitted = { $server } ne laisse pas entrer cet ordinateur. Demandez à son responsable.
server-moved = { $server } a déménagé. Demandez la nouvelle adresse à son responsable.
server-none-there = Il n’y a pas de serveur Visavis à { $server }. Vérifiez l’adresse.
server-failed = { $server } ne marche pas en ce moment. Prévenez son responsable.
server-connection-failed = La connexion à { $server } a échoué. Réessayez.
log-in-taken = Quelqu’un est déjà connecté sous le nom { $name }. Choisissez un autre nom d’utilisateur.
log-in-taken-by-another = Quelqu’un d’autre est connecté sous le nom { $name }. Choisissez un autre nom d’utilisateur.
log-in-other-name = Le serveur vous a laissé entrer sous un autre nom que { $name } ; vous n’êtes donc pas connecté. Vérifiez son adresse.
log-in-name-refused = Le serveur n’accepte pas le nom d’utilisateur { $name }. Choisissez-en un autre.
log-in-not-allowed = Le serveur ne laisse pas entrer { $name } depuis cet appareil. Le nom appartient peut-être à un autre appareil.
log-in-refused = Le serveur a refusé la connexion sans donner de raison.
log-in-was-here = { $reason } Si c’était cet appareil, écrivez l’adresse du serveur comme à ce moment-là.
logged-in-elsewhere = Vous vous êtes connecté sous le nom { $name } dans une autre fenêtre ou sur un autre appareil, et vous êtes déconnecté ici. Connectez-vous pour revenir.

## Où l’on se connecte

username-help = C’est sous ce nom qu’on vous appelle. Le premier à utiliser un nom sur un serveur le garde : sans mot de passe.
username-becomes = Les autres vous voient sous le nom « { $name } ».
by-address = Par adresse
encrypted-connection = Connexion chiffrée
server-is-encrypted = Chiffrée : personne en chemin vers le serveur n’apprend qui vous appelez.
server-is-open = Non chiffrée : en chemin vers le serveur, d’autres peuvent voir qui vous appelez.
encrypted-server = { $server }, chiffré
open-server = { $server }, non chiffré
recent-servers = Serveurs récents
forget-server = Oublier { $server }
invitation-invalid = Ce n’est pas une invitation. Elle commence par visavis:// et mène à un serveur, à une personne ou à une salle.
invitation-too-long = Cette invitation est trop longue. Copiez seulement le lien.
invitation-server = Cette invitation ne nomme aucun serveur. Demandez un nouveau lien.
invitation-name = Cette invitation mène à un nom que personne ne peut porter. Demandez un nouveau lien.
invitation-room = Cette invitation mène à une salle qui ne peut pas exister. Demandez un nouveau lien.
invitation-path = Cette invitation continue après le nom. Copiez seulement le lien.
invitation-encoding = Cette invitation a été abîmée en chemin. Redemandez-la.
invitation-option = Cette invitation en dit plus que cette version de Visavis ne comprend. Demandez un autre lien.
invited-to-person = Vous êtes invité à appeler { $name } sur { $server }.
invited-to-room = Vous êtes invité dans la salle { $room } sur { $server }.
invited-to-server = Vous êtes invité sur le serveur { $server }.
server-asks-for-no-key = Le serveur { $server } n’a pas demandé votre clé ; personne n’a été connecté. Demandez à la personne qui le gère de le mettre à jour, ou réessayez.
