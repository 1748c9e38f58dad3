# Who is at the other end of a call, and the keys of names.

## In one word

trust-verified = Verificado
trust-known = Verificado por llamadas anteriores
trust-new = Nuevo
trust-perhaps-new = Quizá nuevo
trust-not-verified = No verificado
trust-codes-differ = Códigos distintos
trust-key-changed = Clave cambiada

## While it rings

rings-verified = Verificado: comparó el código el { $day }
rings-known = Verificado por llamadas anteriores: la clave es la misma
rings-new = Nuevo: nunca ha hablado con este nombre
rings-new-key = Nuevo: aún no se recuerda ninguna clave de este nombre
rings-perhaps-new = Quizá nuevo: aquí faltan claves recordadas
rings-not-verified = No verificado: nada muestra quién llama
desktop-call-not-verified = Videollamada, no verificada
desktop-key-changed = La clave de { $name } ha cambiado. Abra Visavis para decidir.

## The safety code

safety-code = Código de seguridad
safety-code-hint = { $state }. Qué significa, y el código de seguridad ({ $keys })
close-safety-code = Cerrar el código de seguridad
safety-verified-line = Comparó el código con { $name } el { $day }, y hoy es la misma clave. No hay nada que hacer.
safety-known-line = Es la misma clave que en sus llamadas anteriores con { $name }. Compare el código una vez para estar seguro de quién es.
safety-new-line = Es su primera llamada con la clave de { $name }. Se recuerda desde ahora. Compare el código una vez para estar seguro de quién es.
safety-perhaps-new-line = En este equipo faltan claves recordadas, así que { $name } pudo tener otra antes. Compare el código para estar seguro de quién es esta.
safety-page-line = { $name } usa una página web. La página viene del servidor: usted confía en que quien lo lleva no escuche.
safety-unsigned-line = { $name } llama desde una página web o una versión anterior, que no tiene clave. Usted confía en que quien lleva el servidor no escuche.
safety-withheld-line = La aplicación de { $name } no envió su parte del código a tiempo, así que no hay nada que comparar. Usted confía en que quien lleva el servidor no escuche.
safety-differ-title = Los códigos son distintos
safety-differ-line = Puede que haya alguien entre ustedes. No diga nada privado en esta llamada. Ciérrela y pregunte a { $name } por otro medio qué ocurre.
safety-awaited = El código llega en un momento…
compare-aloud = Compárenlas en voz alta: ¿leen usted y { $name } las mismas cuatro palabras?
compare-means = Si son iguales, no hay nadie entre ustedes, ni siquiera el servidor. Basta una vez por persona.
codes-same = Son iguales
codes-differ = Son distintas
compare-again = Comparar otra vez
show-code = Mostrar el código de hoy
code-word = Palabra { $number }: { $word }
keys-safety-code = Mostrar quién está al otro lado y el código de seguridad, en una llamada

## A key that has changed

key-changed-title = La clave de { $name } ha cambiado
key-missing-title = { $name } ya no tiene clave
key-nothing-sent = Aún no se ha enviado nada: su cámara y su micrófono están apagados. Puede ocurrir de dos maneras:
key-way-computer = { $name } tiene un equipo nuevo
key-way-computer-line = o volvió a instalar Visavis. Entonces todo está bien.
key-way-page = { $name } usa una página web o una versión anterior
key-way-page-line = que no tienen clave. Entonces todo está bien, pero nada lo muestra.
key-way-other = Otra persona usa este nombre
key-way-other-line = o está entre ustedes, y podría ver y oír la llamada.
key-ask-calling = Pregunte a { $name } por otro medio. Si llama, compare primero el código de seguridad.
key-ask-called = Pregunte a { $name } por otro medio. Si acepta, compare primero el código de seguridad.
key-ask-without = Pregunte a { $name } por otro medio. Si habla ahora, no diga nada privado.
do-not-call = No llamar
call-and-compare = Llamar y comparar
call-all-the-same = Llamar de todos modos
allow-and-accept = Permitir y aceptar

## What is remembered of somebody

person-verified-line = Comparó el código de seguridad con { $name } en voz alta el { $day }.
person-known-line = La clave es la misma desde el { $day }. Compare el código de seguridad en una llamada para estar seguro de quién es.
person-changed = Su clave ha cambiado
person-changed-line = Una llamada del { $day } tenía otra clave que antes, o ninguna. Pregunte a { $name } por otro medio antes de hablar.
forget-key = Olvidar esta clave
forget-key-sure = ¿Olvidar la clave de { $name }? Su próxima llamada contará como la primera: nadie notaría otra clave.
forget = Olvidar
