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
server-example = calls.example.org
server-help = Un servidor permite que las personas se encuentren. La imagen y el sonido no pasan por él. Escriba su dirección o pegue la invitación que ha recibido.
log-in = Iniciar sesión
logging-in = Iniciando sesión…
cancel = Cancelar
username-missing = Escriba un nombre de usuario. Con él le llaman los demás.
server-missing = Escriba la dirección del servidor, por ejemplo { $example }.

## Atajos de teclado

keyboard-shortcuts = Atajos de teclado
done = Listo
keys-next = Ir al botón o campo siguiente
keys-press = Pulsar el botón; la barra espaciadora también
keys-accept = Aceptar una llamada
keys-hang-up = Rechazar, cancelar o terminar una llamada
keys-mute = Silenciar o activar el micrófono, en una llamada
keys-talk = Mantener para hablar con el micrófono silenciado, en una llamada
keys-camera = Apagar o encender la cámara, en una llamada
keys-mini-window = Cambiar a la miniventana y volver, en una llamada
keys-snapshot = Guardar la imagen de la otra persona, en una llamada
keys-full-screen = Pantalla completa, en una llamada
keys-whole-picture = Mostrar la imagen completa o llenar la ventana, en una llamada
keys-statistics = Mostrar las estadísticas, en una llamada
keys-leave = Salir de la pantalla completa, cerrar una lista, volver
keys-settings = Abrir los ajustes
keys-help = Mostrar estos atajos (un signo de interrogación también)
one-key-or-other = { $one } o { $other }
key-tab = Tab
key-enter = Intro
key-space = Espacio
key-backspace = Retroceso
key-escape = Esc
key-ctrl = Ctrl
key-shift = Mayús
key-alt = Alt
key-delete = Supr
key-insert = Insert
key-page-up = Re Pág
key-page-down = Av Pág
key-pause = Pausa
no-keys = ninguna tecla
shortcuts-how = Elija una acción y pulse sus teclas nuevas.
shortcuts-waiting = Pulse las teclas nuevas
shortcuts-press = Esc conserva las anteriores, Retroceso las quita.
shortcuts-reset = Volver a las teclas habituales
keys-taken = { $keys } ya sirve para otra cosa: { $what }. Pulse otras teclas.
keys-need-modifier = Esto funciona en todas partes, así que necesita Ctrl o Alt, o una tecla de función como F9.
keys-reserved = { $keys } se necesita para escribir y moverse. Pulse otras teclas.
keys-unknown = Estas teclas no se pueden usar aquí. Pulse otras.
talking-while-held = Le oyen mientras mantiene { $keys }

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
