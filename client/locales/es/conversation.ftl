# What is written and sent in a call.

## The panel

text-and-files = Texto
text-hint = Texto y archivos ({ $keys })
text-unread-hint = { $count ->
    [one] Texto y archivos ({ $keys }): { $count } mensaje sin leer
   *[other] Texto y archivos ({ $keys }): { $count } mensajes sin leer
}
close-text = Cerrar el texto
text-goes-straight = Va directamente a { $peer }. Desaparece al acabar la llamada, salvo que lo guarde.
text-none = En el lado de { $peer } no hay texto. Pueden seguir hablando.
text-waiting = Ahora no hay conexión para el texto. Lo que escriba se enviará en cuanto la haya.
text-no-files = El lado de { $peer } no recibe archivos.

## Writing

write-to = Mensaje para { $peer }
write-message = Mensaje
send-message = Enviar
attach = Enviar archivos
attach-files = Archivos…
attach-folder = Una carpeta…
attach-path = Por su ruta…
attach-path-title = Enviar un archivo o una carpeta
attach-path-field = Archivo o carpeta
attach-path-wrong = No existe ese archivo o carpeta. Escriba la ruta completa.
drop-to-send = Suelte para enviar a { $peer }

## Lines

line-sending = Enviando
line-sent = Enviado
line-read = Leído
line-lost = No entregado
link-to = Enlace a { $host }
open-link-title = ¿Abrir { $host }?
open-link = Abrir en el navegador
link-not-opened = No se pudo abrir ningún navegador. Copie el enlace.
bubble-line = { $peer }: { $text }
bubble-offer = { $peer } quiere enviarle { $name }

## Saving

save-text = Guardar lo dicho
save-text-now = Guardar
choose-place = Elegir…
text-file-name = Visavis { $peer } { $time }.txt
text-saved = Guardado como { $file }

## Files

kind-picture = Imagen
kind-video = Vídeo
kind-sound = Sonido
kind-text = Texto
kind-pdf = PDF
kind-document = Documento
kind-table = Hoja de cálculo
kind-slides = Presentación
kind-archive = Archivo comprimido
kind-program = Programa
kind-file = Archivo
kind-folder = { $count ->
    [one] Carpeta con { $count } archivo
   *[other] Carpeta con { $count } archivos
}
file-and-size = { $kind }, { $size }
file-from = { $kind }, { $size }, de { $peer }
size-bytes = { $value } B
size-kilobytes = { $value } kB
size-megabytes = { $value } MB
size-gigabytes = { $value } GB
so-much-of = { $done } de { $size }
size-a-second = { $size }/s
left-seconds = quedan { $count } s
left-minutes = quedan { $count } min
left-hours = quedan { $hours } h { $minutes } min
transfer-progress = Progreso de { $name }
transfer-preparing = Preparando…
transfer-offered = A la espera de que { $peer } lo acepte
transfer-paused-us = En pausa, por usted
transfer-paused-them = En pausa, por { $peer }
transfer-interrupted = Interrumpido. Seguirá por sí solo.
transfer-checking = Comprobando…
transfer-done-out = { $peer } lo tiene
transfer-done-in = Guardado en { $folder }
transfer-arrived = Ya está aquí
transfer-refused-us = Rechazado por usted
transfer-refused-them = Rechazado por { $peer }
transfer-cancelled-us = Cancelado por usted
transfer-cancelled-them = Cancelado por { $peer }
transfer-unreadable = No se puede leer: { $why }
transfer-changed = Ha cambiado desde que se ofreció. Envíelo de nuevo.
transfer-unwritable = No se puede guardar aquí: { $why }
transfer-no-room = Necesita { $needs } y en el disco quedan { $free }. Libere espacio y pídalo de nuevo.
transfer-different = Lo que llegó no es lo anunciado. No se guardó; hay que enviarlo de nuevo.
transfer-protocol = El lado de { $peer } envió algo que aquí no tiene sentido. Actualizar Visavis puede ayudar.
transfer-theirs = No se pudo leer o guardar en el lado de { $peer }.
transfer-call-ended = La llamada acabó antes de terminar.
transfer-executable = Es un programa. Ábralo solo si lo esperaba.
save-to-downloads = Guardar en Descargas
refuse = Rechazar
transfer-pause = Pausar { $name }
transfer-resume = Seguir con { $name }
transfer-cancel = Cancelar { $name }
transfer-put-away = Quitar { $name }
show-file-in-folder = Mostrar en la carpeta

## What could not be done

text-too-long = Un mensaje tiene como máximo { $count } caracteres. Envíelo por partes.
too-many-transfers = No pueden ir más de { $count } a la vez. Espere a que acabe uno.
text-not-saved = No se pudo guardar: { $why }
text-closed = El lado de { $peer } ha cerrado el texto. Pueden seguir hablando.

## The downloads folder

downloads-folder = Los archivos recibidos van a
downloads-usual = La carpeta de descargas del sistema
downloads-wrong = No existe esa carpeta. Escriba la ruta completa.
