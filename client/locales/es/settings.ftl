# Los ajustes: sus secciones y lo que contienen.

settings-section = Sección
settings-profile = Perfil
settings-devices = Dispositivos
settings-calls = Llamadas
settings-network = Red
settings-notifications = Notificaciones
settings-appearance = Apariencia
settings-shortcuts = Atajos
settings-data = Datos
settings-about = Acerca de
settings-open = Abrir
settings-copy = Copiar
settings-copied = Copiado
from-the-next-call-on = Lo que cambie aquí vale a partir de la próxima llamada.

## Dispositivos

mirror-own-picture = Reflejar mi imagen
automatic-volume-hint = Mantiene su voz a un nivel uniforme.
trial-record = Grabar 3 s y reproducir
trial-tone = Reproducir un tono
trial-ring = Escuchar
trial-stop = Detener
trial-opening = Un momento…
trial-recording = Grabando. Diga algo…
trial-playing-back = Así le oyen los demás.
trial-playing = Reproduciendo…
trial-not-in-call = Los dispositivos se prueban al terminar la llamada.

## Llamadas

callers = Quién puede llamarle
callers-everybody = Todos
callers-contacts = Solo los contactos
callers-hint = Los nombres bloqueados nunca le llegan.
largest-picture = Imagen más grande que envía
frame-rate = Imágenes por segundo
largest-bitrate = Usar como máximo
largest-bitrate-hint = Por debajo, las llamadas se adaptan.

## La red

relay-only = Ocultar mi dirección
relay-only-hint = Las llamadas pasan por un relé, lo que tarda un poco más.
built-in-stun = Usar el servidor STUN incorporado
built-in-stun-hint = Indica a este equipo su dirección en Internet.
own-servers = Servidores propios de relé (TURN) o STUN
own-servers-hint = Además de los que ofrece su servidor.
server-address = Dirección
server-address-example = turn:relay.example.org
server-address-wrong = Escríbala como stun:example.org o turn:example.org:3478.
server-username = Usuario en el relé
server-password = Contraseña
show-password = Mostrar la contraseña
server-credentials-missing = Un relé necesita usuario y contraseña. Introduzca ambos.
server-known = Este servidor ya está en la lista.
too-many-servers = Ya hay suficientes servidores. Quite uno primero.
server-unusable = Esta dirección no se puede usar. Quítela.
server-with-password = Como { $name }, con contraseña
server-without-password = Sin contraseña
add-server = Añadir el servidor
remove-server = Quitar { $address }

## Notificaciones y tono

do-not-disturb-hint = Las llamadas cuentan como perdidas sin sonar.
quiet-hours = Horas de silencio
quiet-hours-hint = Lo mismo, cada día a estas horas.
quiet-from = Desde
quiet-until = Hasta
time-wrong = Escriba una hora como 22:30.
ring-aloud = Sonar cuando llaman
ring-volume = Volumen del tono
ring-speaker = Sonar por
ring-speaker-of-calls = Altavoz de las llamadas
ring-tone = Tono de llamada
ring-how = Cómo suena
ring-bells = Campanas
ring-marimba = Marimba
ring-telephone = Teléfono
ring-drops = Gotas
show-notifications = Mostrar una notificación de escritorio
settings-tray = Seguir en la bandeja al cerrar
settings-tray-hint = Aún pueden llamarle.

## Apariencia

less-motion = Menos movimiento
less-motion-hint = Nada se desliza; todo aparece sin más.

## Perfil

not-logged-in = No ha iniciado sesión.
logged-in-at = En { $server }
settings-copy-link = Copiar mi enlace
settings-server-encrypted = Cifrado
settings-server-not-encrypted = Sin cifrar: por el camino se puede leer quién llama a quién.
your-key = Su clave
your-key-hint = Demuestra que el nombre es suyo y se queda en este equipo.
log-out-hint = No podrán llamarle hasta que vuelva a entrar.
log-out-in-call = Eso termina la llamada. ¿Salir de todos modos?
blocked-names-hint = No pueden llamarle ni saben nada de usted.

## Datos

data-folder = Claves, contactos y llamadas
settings-folder = Ajustes
folder-none = Solo hasta que el programa termine.
data-after-log-in = Inicie sesión para exportar o borrar contactos y llamadas.
export-people = Exportar contactos, llamadas y claves
export-people-hint = También los nombres bloqueados y las claves públicas de llamadas anteriores, en un archivo que otros programas pueden leer.
export-file = Archivo
export-file-wrong = Introduzca la ruta completa de un archivo.
settings-export = Exportar
settings-erase = Borrar
erase-history = Llamadas recientes
erase-history-sure = ¿Borrar todas las llamadas recientes? No se puede deshacer.
erase-people = Todo sobre las personas
erase-people-hint = Contactos, nombres bloqueados, llamadas recientes y claves recordadas en este servidor.
erase-people-sure = ¿Borrar todos los contactos, nombres bloqueados, llamadas y claves recordadas? Los bloqueados podrán volver a llamar, y la próxima llamada de cada uno contará como la primera: nadie notaría otra clave. No se puede deshacer.

## Acerca de

licence = Software libre, con licencia MIT o Apache 2.0
build = Esta compilación
build-of-commit = Commit { $commit }, compilada el { $date }
build-of-unknown-commit = Compilada el { $date }; no se conoce el commit
build-in-development = Una compilación de desarrollo: no se registran ni el commit ni la fecha
licences-inside = Qué contiene
licences-inside-list = webrtc y egui (MIT o Apache 2.0), OpenH264 (BSD), Opus y Sonora (BSD), la tipografía Inter (OFL) y otro software libre.
log = Registro
log-hint = Está donde se inició Visavis: en esa terminal o en el registro del sistema. No contiene direcciones ni claves.

## La clave

key-in-keyring = En el depósito de claves de este equipo.
key-in-file = En el archivo { $file }.
move-key = Llevar a otro equipo
move-key-hint = Con la misma clave, usted es allí la misma persona.
export-key = Guardar la clave en un archivo
import-key = Usar la clave de un archivo
import-key-sure = ¿Reemplazar la clave que hay aquí? Hay nombres que le pertenecen. Se conserva aparte.
key-passphrase = Frase de contraseña
key-passphrase-again = La misma otra vez
key-passphrases-differ = Las dos frases de contraseña son distintas.
key-passphrase-weak = Débil: quien encuentre el archivo puede adivinarla.
key-passphrase-fair = Aceptable: adivinarla lleva mucho tiempo.
key-passphrase-strong = Fuerte.
key-working = Un momento…
key-save = Guardar clave
key-use = Usar clave
