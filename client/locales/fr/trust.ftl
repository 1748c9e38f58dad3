# Who is at the other end of a call, and the keys of names.

## In one word

trust-verified = Vérifié
trust-known = Vérifié par des appels passés
trust-new = Nouveau
trust-perhaps-new = Peut-être nouveau
trust-not-verified = Non vérifié
trust-codes-differ = Codes différents
trust-key-changed = Clé changée

## While it rings

rings-verified = Vérifié : vous avez comparé le code le { $day }
rings-known = Vérifié par des appels passés : la clé est la même
rings-new = Nouveau : vous n’avez jamais parlé à ce nom
rings-new-key = Nouveau : aucune clé de ce nom n’est encore retenue
rings-perhaps-new = Peut-être nouveau : des clés retenues manquent ici
rings-not-verified = Non vérifié : rien ne montre qui appelle
desktop-call-not-verified = Appel vidéo, non vérifié
desktop-key-changed = La clé de { $name } a changé. Ouvrez Visavis pour décider.

## The safety code

safety-code = Code de sécurité
safety-code-hint = { $state }. Ce que cela veut dire, et le code de sécurité ({ $keys })
close-safety-code = Fermer le code de sécurité
safety-verified-line = Vous avez comparé le code avec { $name } le { $day }, et c’est la même clé aujourd’hui. Rien à faire.
safety-known-line = C’est la même clé que lors de vos appels passés avec { $name }. Comparez le code une fois pour être sûr de savoir à qui elle est.
safety-new-line = C’est votre premier appel avec la clé de { $name }. Elle est retenue à partir de maintenant. Comparez le code une fois pour être sûr de savoir à qui elle est.
safety-perhaps-new-line = Des clés retenues manquent sur cet ordinateur : { $name } a pu en avoir une autre avant. Comparez le code pour être sûr de savoir à qui est celle-ci.
safety-page-line = { $name } utilise une page web. La page vient du serveur : vous comptez sur la personne qui le gère pour ne pas écouter.
safety-unsigned-line = { $name } appelle depuis une page web ou une ancienne version, qui n’a pas de clé. Vous comptez sur la personne qui gère le serveur pour ne pas écouter.
safety-withheld-line = L’application de { $name } n’a pas envoyé sa part du code à temps : il n’y a rien à comparer. Vous comptez sur la personne qui gère le serveur pour ne pas écouter.
safety-differ-title = Les codes sont différents
safety-differ-line = Quelqu’un se trouve peut-être entre vous. Ne dites rien de privé dans cet appel. Fermez-le et demandez à { $name } par un autre moyen ce qui se passe.
safety-awaited = Le code arrive dans un instant…
compare-aloud = Comparez à voix haute : { $name } et vous lisez-vous les quatre mêmes mots ?
compare-means = S’ils sont identiques, personne ne se trouve entre vous, pas même le serveur. Une seule fois suffit pour chaque personne.
codes-same = Ils sont identiques
codes-differ = Ils sont différents
compare-again = Comparer de nouveau
show-code = Afficher le code du jour
code-word = Mot { $number } : { $word }
keys-safety-code = Montrer qui est à l’autre bout et le code de sécurité, pendant un appel

## A key that has changed

key-changed-title = La clé de { $name } a changé
key-missing-title = { $name } n’a plus de clé
key-nothing-sent = Rien n’a encore été envoyé : votre caméra et votre micro sont éteints. Cela peut arriver de deux façons :
key-way-computer = { $name } a un nouvel ordinateur
key-way-computer-line = ou a réinstallé Visavis. Alors tout va bien.
key-way-page = { $name } utilise une page web ou une ancienne version
key-way-page-line = qui n’ont pas de clé. Alors tout va bien, mais rien ne le montre.
key-way-other = Quelqu’un d’autre utilise ce nom
key-way-other-line = ou se trouve entre vous, et pourrait voir et entendre l’appel.
key-ask-calling = Demandez à { $name } par un autre moyen. Si vous appelez, comparez d’abord le code de sécurité.
key-ask-called = Demandez à { $name } par un autre moyen. Si vous acceptez, comparez d’abord le code de sécurité.
key-ask-without = Demandez à { $name } par un autre moyen. Si vous parlez maintenant, ne dites rien de privé.
do-not-call = Ne pas appeler
call-and-compare = Appeler et comparer
call-all-the-same = Appeler quand même
allow-and-accept = Autoriser et accepter

## What is remembered of somebody

person-verified-line = Vous avez comparé le code de sécurité avec { $name } à voix haute le { $day }.
person-known-line = La clé est la même depuis le { $day }. Comparez le code de sécurité pendant un appel pour être sûr de savoir à qui elle est.
person-changed = Sa clé a changé
person-changed-line = Un appel du { $day } avait une autre clé qu’avant, ou aucune. Demandez à { $name } par un autre moyen avant de parler.
forget-key = Oublier cette clé
forget-key-sure = Oublier la clé de { $name } ? Son prochain appel comptera comme le premier : une autre clé passerait inaperçue.
forget = Oublier
