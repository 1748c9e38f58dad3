# La ventana en su conjunto: título, inicio de sesión, atajos, avisos.

title-ringing = { $peer } está llamando – Visavis
title-calling = Llamando a { $peer } – Visavis
title-in-call = En llamada con { $peer } – Visavis
title-logged-in = { $name } – Visavis

## Inicio de sesión

tagline = Videollamadas privadas entre dos
username = Nombre de usuario
username-example = alice
server = Servidor
server-example = ws://127.0.0.1:9090
server-help = Un servidor permite que las personas se encuentren. La imagen y el sonido no pasan por él. Pida su dirección a quien le invitó.
log-in = Iniciar sesión
logging-in = Iniciando sesión…
cancel = Cancelar
username-missing = Escriba un nombre de usuario. Con él le llaman los demás.
server-missing = Escriba la dirección del servidor, por ejemplo { $example }.

## Atajos de teclado

keyboard-shortcuts = Atajos de teclado
done = Listo
keys-next = ir al botón o campo siguiente
keys-press = pulsar el botón
keys-accept = aceptar una llamada
keys-hang-up = rechazar, cancelar o terminar una llamada
keys-mute = silenciar o activar el micrófono, en una llamada
keys-camera = apagar o encender la cámara, en una llamada
keys-full-screen = pantalla completa, en una llamada
keys-whole-picture = mostrar la imagen completa o llenar la ventana, en una llamada
keys-statistics = mostrar las estadísticas, en una llamada
keys-leave = salir de la pantalla completa, cerrar una lista, volver
keys-help = mostrar esta lista
one-key-or-other = { $one } o { $other }
key-tab = Tab
key-enter = Intro
key-space = Espacio
key-backspace = Retroceso
key-escape = Esc
key-ctrl = Ctrl
key-shift = Mayús
key-alt = Alt

## Avisos

notices = Avisos
dismiss = Cerrar
dismiss-notice = Cerrar: { $notice }
older-notices = { $count ->
    [one] y { $count } anterior
   *[other] y { $count } anteriores
}
