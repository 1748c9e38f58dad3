# Una llamada: llamar, recibirla, durante ella, cómo terminó.

calling-person = Llamando a { $peer }
calling = Llamando…
ringing = Sonando…
connecting-person = Conectando con { $peer }
connecting = Conectando…
person-is-calling = { $peer } está llamando
accept = Aceptar
accept-without-video = Aceptar sin vídeo
decline = Rechazar
accept-decline-keys = { $accept } acepta, { $decline } rechaza
accepting-opens-both = Al aceptar se encienden su cámara y su micrófono.
accepting-opens-microphone = Al aceptar se enciende su micrófono. Su cámara sigue apagada.
accepting-opens-camera = Al aceptar se enciende su cámara. Su micrófono sigue silenciado.
accepting-opens-nothing = Su cámara sigue apagada y su micrófono silenciado.

## En la llamada

picture-of = Imagen de { $peer }
no-picture-from = Sin imagen de { $peer }
waiting-for-picture = Esperando la imagen de { $peer }…
close-call = Terminar
close-call-hint = Terminar la llamada ({ $keys })
mute = Silenciar
mute-hint = Silenciar el micrófono ({ $keys })
unmute-hint = Activar el micrófono ({ $keys })
camera-on-hint = Encender la cámara ({ $keys })
camera-off-hint = Apagar la cámara ({ $keys })
camera-missing-hint = No hay cámara. Elija otra.
devices = Dispositivos
devices-hint = Elegir cámara, micrófono y altavoz
more = Más
close-devices = Cerrar los dispositivos
full-screen = Pantalla completa
full-screen-hint = Llamada en pantalla completa ({ $keys })
leave-full-screen-hint = Salir de la pantalla completa ({ $keys })
time-in-call = En llamada desde hace { $time }
their-microphone-muted = { $peer } tiene el micrófono silenciado
their-camera-off = La cámara de { $peer } está apagada
talking-while-muted = Su micrófono está silenciado y usted está hablando
silent-microphone = No se le oye: su micrófono está en silencio
unmute = Activar el micrófono
choose-microphone = Elegir otro micrófono
choose-camera = Elegir otra cámara
choose-speaker = Elegir otro altavoz
take-snapshot = Tomar una foto
mini-window = Miniventana
mini-window-hint = Una ventana pequeña por encima de todas ({ $keys })
leave-mini-window-hint = Volver a la ventana grande ({ $keys })
snapshot-kept = La imagen está en { $folder } como «{ $file }».
snapshot-failed = No se pudo guardar la imagen en { $folder }. Compruebe que hay espacio y que puede escribir allí.
snapshot-no-folder = No se pudo guardar la imagen: este equipo no tiene carpeta de imágenes.
snapshot-none = Todavía no hay ninguna imagen de { $peer } que guardar.
show-in-folder = Mostrar en la carpeta
folder-not-shown = No se pudo abrir la carpeta. Busque la imagen con su gestor de archivos.
folder-not-opened = No se pudo abrir la carpeta. Copie su ruta y búsquela con su gestor de archivos.
interrupted = Reconectando… Se busca otro camino hasta { $peer }.
interrupted-for = Reconectando… Se busca otro camino hasta { $peer } ({ $time }).
you = Usted
you-are-muted = Está silenciado.
own-camera-off = Su cámara está apagada
own-picture-plain = Su imagen
self-view-keys = Las flechas la mueven a otra esquina, más y menos cambian su tamaño, H la oculta.
self-view-plain = No reflejar su imagen
self-view-mirror = Reflejar su imagen
self-view-hide = Ocultar su imagen ({ $keys })
self-view-show = Mostrar su imagen
whole-picture = Mostrar la imagen completa
fill-window = Llenar la ventana
show-own-picture = Mostrar mi imagen
hide-own-picture = Ocultar mi imagen
menu-full-screen = Llenar la pantalla
menu-leave-full-screen = Salir de pantalla completa

## El estado de la conexión

computer-busy = Este equipo está sobrecargado: cada imagen tarda { $time } ms
their-connection-weak = La conexión de la otra persona es débil: se pierde el { $percent } % de sus paquetes
your-connection-weak = Su conexión es débil: se pierde el { $percent } % de sus paquetes
your-upload-slow = Su subida es lenta: solo { $kilobits } kbit/s
connection-late = La conexión es lenta: lo que dice llega { $time } ms más tarde

## Cómo terminó

back = Volver
call-again = Llamar de nuevo
talked-for = Duración de la llamada: { $time }.
ended-by-us = Terminó la llamada con { $peer }.
cancelled-by-us = Canceló la llamada a { $peer }.
declined-by-us = Rechazó la llamada de { $peer }.
ended-by-them = { $peer } terminó la llamada.
cancelled-by-them = { $peer } canceló la llamada.
call-back-to-hear = Devuelva la llamada para saber de qué se trataba.
declined-by-them = { $peer } rechazó la llamada.
try-later = Inténtelo más tarde.
on-another-call = { $peer } está en otra llamada.
no-answer = { $peer } no contestó.
not-online = { $peer } no está en línea.
check-name = Compruebe cómo se escribe el nombre, y que ambos estén en el mismo servidor.
not-passed-on = El servidor no transmitió la llamada.
went-offline = { $peer } se desconectó antes de que empezara la llamada.
call-when-back = Llame de nuevo más tarde.
server-lost = Se perdió la conexión con el servidor antes de que empezara la llamada.
check-network = Compruebe su conexión de red y vuelva a llamar.
not-connected-to = No se pudo conectar con { $peer }.
firewall-try = Puede que haya un cortafuegos en alguno de los dos lados. Llame de nuevo, o pruebe con otra red.
their-app-failed = La aplicación de la otra persona no pudo establecer la llamada. Inténtelo de nuevo.
call-not-set-up = Las dos aplicaciones no se pusieron de acuerdo. Puede que una necesite actualizarse.
part-failed = Una parte de la llamada no pudo iniciarse. Cierre otros programas y vuelva a llamar.
connection-lost = Se perdió la conexión con { $peer }.

## Por qué el servidor no transmite una llamada

refused-version = El servidor no entiende esta versión de Visavis. Uno de los dos necesita actualizarse.
refused-logged-out = El servidor cerró su sesión. Iníciela de nuevo.
refused-unknown = Nadie está en línea con ese nombre.
refused-not-allowed = El servidor no permite esta llamada.
refused-too-large = La descripción de la llamada es demasiado grande para el servidor. Pruebe con menos conexiones de red.
refused-too-often = Es demasiado seguido. Inténtelo dentro de un minuto.
refused-room-full = Ya hay dos personas en esa sala.
refused-unavailable = Los servidores no se comunican en este momento. Inténtelo pronto de nuevo.
refused-call = El servidor rechazó la llamada.
log-in-first = Inicie sesión antes de llamar a alguien.
own-name = Ese es su propio nombre. Llame a otra persona.

## Imágenes que no se pueden mostrar

their-picture-no-format = La imagen de { $peer } no se puede mostrar: su programa no envía H.264, lo único que se puede mostrar aquí.
their-picture-refused = La imagen de { $peer } no se puede mostrar: su programa rechazó el vídeo. Quizá no tenga H.264, lo único que se puede mostrar aquí.
their-picture-none = La imagen de { $peer } no se puede mostrar: su programa no envía vídeo.
their-picture-interlaced = La imagen de { $peer } no se puede mostrar: es entrelazada. Otra cámara u otro programa en su lado puede ayudar.
their-picture-bits = La imagen de { $peer } no se puede mostrar: tiene { $bits } bits por color, y solo se pueden mostrar 8. Otro programa u otro ajuste en su lado puede ayudar.
their-picture-colours = La imagen de { $peer } no se puede mostrar: sus colores son más finos de lo que se puede mostrar aquí. Otro programa u otro ajuste en su lado puede ayudar.
their-picture-size = La imagen de { $peer } no se puede mostrar: es de { $size }, y no se puede mostrar más de 1920x1080. En su lado se puede elegir una imagen más pequeña.
their-picture-memory = La imagen de { $peer } no se puede mostrar: necesita más memoria de la acordada. Otro programa u otro ajuste en su lado puede ayudar.
their-picture-profile = La imagen de { $peer } no se puede mostrar: es un tipo de H.264 desconocido aquí. Otro programa u otro ajuste en su lado puede ayudar.
their-picture-no-key-frame = La imagen de { $peer } no se puede mostrar: hace un rato que no llega ninguna imagen entera. Ayuda apagar y encender la cámara en su lado.
cannot-see-you = { $peer } no le ve
cannot-see-you-no-format = { $peer } no le ve: su programa no acepta H.264, lo único que se envía aquí.
cannot-see-you-refused = { $peer } no le ve: su programa rechazó el vídeo.
cannot-see-you-none = { $peer } no le ve: su programa no acepta vídeo.

## Estadísticas

statistics = Estadísticas
close-statistics = Cerrar las estadísticas
statistics-soon = Las primeras cifras llegarán en un momento.
statistics-you-send = Enviado
statistics-they-send = Recibido
statistics-audio = Audio enviado, recibido
statistics-upload = Subida posible
statistics-round-trip = Ida y vuelta
statistics-lost = Pérdida de ida, de vuelta
statistics-jitter-buffer = Búfer de fluctuación: audio, vídeo
statistics-concealed = Audio disimulado
statistics-freezes = Imagen congelada
statistics-codec = Codificación, descodificación
statistics-delay = Retardo: vídeo, audio
statistics-video = { $width }×{ $height }, { $rate }/s, { $bitrate }
plot-sent = Enviado y posible
plot-round-trip = Ida y vuelta
plot-lost = Pérdida de vuelta y de ida
plot-jitter-buffer = Búfer de fluctuación: audio, vídeo
plot-now = { $name }, el último minuto: ahora { $values }
plot-not-measured = { $name }, el último minuto: ahora sin medir

## Who is at the other end.
key-missing = { $peer } no firmó esta llamada con ninguna clave, aunque antes había una.
key-changed = La clave de { $peer } ha cambiado.
key-changed-advice = Nada de la llamada ha empezado. Pregunte a { $peer } por otra vía; si llama, comparen primero el código de seguridad.
call-untrusted = La llamada con { $peer } no era segura y se terminó.
untrusted-signature = Lo que llegó no estaba firmado con la clave de la otra persona. Puede que haya alguien en medio.
untrusted-certificate = El certificado de la otra persona cambió durante la llamada. Puede que haya alguien en medio.
untrusted-opening = El código de seguridad de la otra persona se abrió mal. Puede que haya alguien en medio.
untrusted-unreadable = La firma de la otra persona no se puede leer. Pídale que actualice Visavis.
call-refused-untrusted = Se rechazó una llamada que decía ser de { $peer }: no estaba firmada con la clave indicada. Puede que haya alguien en medio.
