# La pantalla entre llamadas: quién está en línea, a quién llamar, salas, un vistazo a uno mismo.

online = En línea
offline = Desconectado
people-online = { $count ->
    [one] { $count } persona en línea
   *[other] { $count } personas en línea
}
people-online-first = { $count } personas en línea, se muestran las primeras { $shown }
nobody-online = Nadie más está en línea
ask-somebody = Pida a alguien que abra Visavis e inicie sesión en { $server }. Su nombre aparecerá aquí.
ask-somebody-here = Pida a alguien que abra Visavis e inicie sesión en este servidor. Su nombre aparecerá aquí.
reaching-server = Buscando el servidor…
server-gone = No se puede acceder al servidor. Se sigue intentando; hasta entonces no se puede llamar.
log-out = Cerrar sesión

## Llamar a alguien

username-to-call = Nombre de usuario al que llamar
their-name = Su nombre
call = Llamar
call-person = Llamar a { $name }
callee-missing = Escriba el nombre de la persona a la que quiere llamar.

## Nombres

name-missing = Escriba al menos una letra o una cifra.
name-too-long = Un nombre de usuario tiene como máximo { $most } caracteres.
name-space = Un nombre de usuario no puede contener espacios. Use «-», «_» o «.» en su lugar.
name-invisible = Ese nombre de usuario contiene un carácter invisible. Escríbalo en vez de pegarlo.
name-character = Un nombre de usuario no puede contener «{ $character }». Use letras, cifras, «.», «-» y «_».
name-misplaced = «{ $character }» no puede estar ahí. Empiece y termine con una letra o una cifra, y ponga una entre «.», «-» y «_».
name-mixed-scripts = Ese nombre de usuario mezcla letras de varios alfabetos. Use las de uno solo.
name-mixed-digits = Ese nombre de usuario mezcla varios tipos de cifras. Use del 0 al 9.
name-looks-latin = Ese nombre de usuario parece uno en letras latinas. Use letras latinas, o añada una letra distinta.
name-direction = Las letras de ese nombre de usuario se escriben en sentidos distintos. Use un solo sentido, y empiece con una letra.
name-no-form = Ese nombre de usuario puede leerse de varias maneras. Use letras y cifras sencillas.

## Salas

room-word = La palabra acordada
room-hint = Una palabra que ambos conozcan
join = Entrar
join-room = Entrar en la sala
joining-room = Entrando en { $room }…
in-room = Está en { $room }. Quien entre ahora puede llamarle.
mate-in-room = { $name } también está en { $room }.
call-person-in-room = Llamar a { $name } en { $room }
room-missing = Escriba la palabra que acordó con la otra persona.
room-too-long = Esa palabra es demasiado larga. Use como máximo { $most } caracteres.
room-unprintable = Esa palabra contiene un carácter que no se puede mostrar. Escríbala de nuevo.
room-full = Ya hay dos personas en { $room }. Acuerden otra sala.
room-refused = El servidor no le dejó entrar en { $room }.

## Un vistazo a uno mismo

show-preview = Mostrar la vista previa
stop-preview = Detener la vista previa
own-picture = Su imagen, en espejo
waiting-for-camera = La cámara se está iniciando…
camera-is-off = La cámara está apagada

## Contacts, blocked names, calls

tab-people = Personas
tab-calls = Llamadas
tab-calls-missed = { $count ->
    [one] Llamadas, { $count } perdida
   *[other] Llamadas, { $count } perdidas
}
search = Buscar
search-hint = Buscar, o un nombre para llamar
contacts = Contactos
blocked-names = Bloqueados
blocked = Bloqueado
presence-unknown = No se sabe si está en línea
no-calls-yet = Aún no hay llamadas. Las suyas aparecerán aquí.
erase-calls = Borrar todas las llamadas
call-missed = Perdida
call-missed-while-busy = Perdida mientras estaba en otra llamada
call-unanswered = Nadie contestó
call-declined = Rechazada
call-busy = Estaba en otra llamada
call-cancelled = Cancelada
call-offline = No estaba en línea
call-not-connected = Sin conexión
missed-call = Llamada perdida
they-called = { $name } llamó
you-called = Usted llamó
calls-with = Llamadas con { $name }
call-without-video = Llamar sin vídeo
add-contact = Añadir a contactos
rename = Cambiar nombre
remove-contact = Quitar de contactos
block = Bloquear
unblock = Desbloquear
blocked-line = { $name } no puede llamarle y no se entera.
display-name = Nombre para { $name }
save = Guardar
name-and-state = { $name } · { $state }

## Líneas sobre las personas

missed-call-from = Llamada perdida de { $name }, { $time }
missed-calls-last = { $count } llamadas perdidas, la última de { $name }, { $time }
two-sentences = { $first } { $second }
call-back = Devolver la llamada

## Invitaciones

invite = Invitar
invite-somebody = Invitar a alguien
invite-line = Quien abra este enlace en Visavis podrá llamarle mientras usted esté en línea.
invite-here-only = El servidor está en este equipo, así que el enlace solo funciona aquí.
invite-link = Enlace
copy-link = Copiar enlace
copy-room-link = Copiar un enlace a { $room }
link-copied = Copiado
no-visavis-yet = ¿No le encuentran?
no-visavis-line = Envíe un enlace que lleve hasta usted.
join-a-room = Sala
leave-room = Salir
leave-the-room = Salir de { $room }
nobody-yet = Aquí aparecen las personas a las que llama o añade.

## Cerrar la ventana

closing-in-call = ¿Terminar la llamada y salir?
closing-in-call-line = Está en una llamada con { $name }.
close-call-and-quit = Colgar y salir
keep-calling = Seguir en la llamada
closing-to-tray = ¿Dejar Visavis abierto?
closing-to-tray-line = Visavis puede esperar en la bandeja del sistema para que puedan seguir llamándole. Desde allí se abre de nuevo.
keep-in-tray = Dejar en la bandeja
