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

## Settings

settings = Ajustes
theme = Tema
theme-follow = Como el sistema
theme-dark = Oscuro
theme-light = Claro
language = Idioma
language-system = Como el sistema
scale = Tamaño de todo
do-not-disturb = No molestar
begin-with-camera = Las llamadas empiezan con cámara
begin-with-microphone = Las llamadas empiezan con micrófono

## The desktop

desktop-video-call = Videollamada
desktop-answer = Contestar
desktop-show = Mostrar Visavis
desktop-mute = Silenciar el micrófono
desktop-quit = Salir
desktop-in-a-call = En una videollamada
desktop-in-call-with = En una llamada con { $name }
invitation-elsewhere = Esta invitación es para otro servidor. Cierre la sesión, iníciela en { $server } y ábrala de nuevo.
desktop-missed-calls = { $count ->
    [one] { $count } llamada perdida
   *[other] { $count } llamadas perdidas
}
desktop-missed-from = Llamada perdida de { $name }
desktop-names = { $names }
desktop-names-and-more = { $names } y { $more } más
