# Ce qui ne va pas avec l’application elle-même : ses réglages, sa clé.

settings-unread = Vos réglages ne peuvent pas être lus. Visavis démarre avec ceux d’origine.
settings-damaged = Vos réglages sont endommagés. Visavis démarre avec ceux d’origine.
settings-unsaved = Vos choix ne seront pas retenus : les réglages ne peuvent pas être enregistrés. Vérifiez qu’il reste de la place sur le disque.
settings-unsaved-busy = Vos choix ne seront pas retenus : l’ordinateur est trop occupé. Fermez d’autres programmes, puis relancez Visavis.
recording-failed = Quelque chose n’a pas pu être enregistré. Vérifiez qu’il reste de la place sur le disque.
key-unread = La clé à laquelle vos noms d’utilisateur appartiennent ne peut pas être lue. Vérifiez qui peut lire { $file }.
key-damaged = La clé à laquelle vos noms d’utilisateur appartiennent est endommagée. Restaurez { $file } d’une sauvegarde, ou déplacez ce fichier pour commencer avec une nouvelle clé.
key-unsaved = Une clé pour vos noms d’utilisateur ne peut pas être enregistrée. Vérifiez qu’il reste de la place sur le disque.
