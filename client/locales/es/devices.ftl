# Cámaras, micrófonos y altavoces: sus listas, y qué les pasa.

camera = Cámara
microphone = Micrófono
speaker = Altavoz
system-default = Predeterminado del sistema
system-default-device = Predeterminado: { $device }
sound-or-video-file = Archivo { $name }
device-not-connected = { $device } (no conectado)
test-picture = Imagen de prueba
test-tone = Tono de prueba
no-camera = Sin cámara
no-microphone = Sin micrófono
no-sound = Sin sonido
look-for-devices = Buscar dispositivos de nuevo
cancel-echo = Cancelar el eco
cancel-echo-hint = Evita que los demás se oigan por su altavoz.
reduce-noise = Reducir el ruido
automatic-volume = Volumen automático
their-volume = Volumen de la otra persona
microphone-level = Nivel del micrófono

## La cámara

camera-none = No se encontró ninguna cámara. Conecte una.
camera-unknown = La cámara «{ $device }» no está. Elija otra.
camera-busy = Otro programa está usando la cámara «{ $device }». Cierre ese programa, o elija otra cámara.
camera-forbidden = Visavis no puede usar la cámara «{ $device }». Permítalo en los ajustes de privacidad del sistema.
camera-no-answer = La cámara «{ $device }» no responde. Desconéctela y vuelva a conectarla, o elija otra.
camera-no-format = La cámara «{ $device }» no ofrece ninguna imagen que Visavis pueda usar. Elija otra.
camera-failed = La cámara «{ $device }» no se puede abrir. Elija otra.
camera-lost = La cámara se detuvo o se desconectó. Conéctela de nuevo, o elija otra.
camera-slow = La cámara aún no está abierta. Permítala si el sistema lo pregunta, o elija otra.
video-file-failed = El archivo de vídeo { $name } no se puede reproducir. Elija una cámara.
nothing-comes-from-file = Todavía no llega nada de { $name }. Inicie lo que escribe en él.
nobody-reads-file = Todavía nadie lee { $name }. Inicie lo que lo lee.
no-thread = El equipo está demasiado ocupado para abrir el dispositivo. Cierre otros programas.
driver-failed = El dispositivo falló. Elija otro.
call-without-picture = { $trouble } La llamada sigue sin su imagen.

## El micrófono

microphone-none = No se encontró ningún micrófono. Conecte uno.
microphone-unknown = El micrófono «{ $device }» no está. Elija otro.
microphone-busy = Otro programa está usando el micrófono «{ $device }». Cierre ese programa, o elija otro micrófono.
microphone-forbidden = Visavis no puede usar el micrófono «{ $device }». Permítalo en los ajustes de privacidad del sistema.
microphone-failed = El micrófono «{ $device }» no se puede abrir. Elija otro.
microphone-no-answer = El micrófono no se abre. Desconéctelo y vuelva a conectarlo, o elija otro.
microphone-unusable = Este micrófono no se puede usar. Elija otro.
microphone-slow = El micrófono no responde. Elija otro.
microphone-lost = El micrófono se detuvo o se desconectó. Conéctelo de nuevo, o elija otro.
microphone-replaced = El micrófono se desconectó. En su lugar se usa el predeterminado del sistema.
sound-file-failed = El archivo de sonido no se puede reproducir. Elija un micrófono.
call-without-voice = { $trouble } La llamada sigue sin su voz.

## El altavoz

speaker-none = No se encontró ningún altavoz. Conecte uno.
speaker-unknown = El altavoz «{ $device }» no está. Elija otro.
speaker-busy = Otro programa está usando el altavoz «{ $device }». Cierre ese programa, o elija otro altavoz.
speaker-forbidden = Visavis no puede usar el altavoz «{ $device }». Permítalo en los ajustes de privacidad del sistema.
speaker-failed = El altavoz «{ $device }» no se puede abrir. Elija otro.
speaker-no-answer = El altavoz no se abre. Desconéctelo y vuelva a conectarlo, o elija otro.
speaker-unusable = Este altavoz no se puede usar. Elija otro.
speaker-slow = El altavoz no responde. Elija otro.
speaker-lost = El altavoz se detuvo o se desconectó. Conéctelo de nuevo, o elija otro.
speaker-replaced = El altavoz se desconectó. En su lugar se usa el predeterminado del sistema.
recording-file-failed = El sonido no se puede grabar en ese archivo. Elija un altavoz.
recording-stopped = El sonido ya no se graba.
call-without-sound = { $trouble } No oirá a la otra persona.
sound-through-default = { $trouble } Oye a la otra persona por el altavoz predeterminado del sistema.

## Pruebas

trial-microphone-silent = No se ha oído nada. Hable más alto o elija otro micrófono.
trial-no-microphone = No hay ningún micrófono elegido. Elija uno primero.
trial-no-speaker = No hay ningún altavoz elegido. Elija uno primero.
