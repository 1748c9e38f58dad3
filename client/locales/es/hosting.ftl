# Servidores cercanos, y uno en este equipo

nearby = Cercanos
start-one = Iniciar aquí
start-and-log-in = Iniciar y entrar
nearby-looking = Buscando en su red
nearby-comes = Los servidores de su red aparecen aquí solos.
nearby-none = No se encontró ningún servidor en esta red. Escriba una dirección o inicie un servidor aquí.
nearby-none-here = No se encontró ningún servidor en esta red. Escriba la dirección de uno.
nearby-servers = Servidores cercanos
nearby-online = { $count ->
    [0] Aún no hay nadie
    [one] { $count } persona en línea
   *[other] { $count } personas en línea
}
nearby-choose = Elija antes un servidor de la lista.

start-here = Este equipo será el servidor
start-here-line = En su red lo encuentran en «Cercanos» como «{ $name }». Funciona mientras Visavis esté abierto aquí y no hay que configurar nada.
server-here = Su servidor funciona en este equipo
server-here-line = { $count ->
    [one] Su dirección es { $address }. { $count } persona conectada.
   *[other] Su dirección es { $address }. { $count } personas conectadas.
}
stop-server = Detener el servidor
server-here-address = Dirección para los demás
invite-qr-code = Código QR del enlace
server-here-alone = Este equipo no está en ninguna red, así que solo él llega al servidor.
server-here-network = Todos en esta red llegan a él. Desde Internet no llega nadie, salvo que su router reenvíe el puerto { $port } a este equipo.
server-here-everyone = Todos en Internet llegan a él, si no lo impide un cortafuegos.
server-here-while-open = Funciona mientras Visavis esté abierto aquí.
server-here-in-tray = Seguir en la bandeja al cerrar la ventana
stop-server-question = ¿Detener el servidor?
closing-with-guests = ¿Detener el servidor y salir?
closing-with-guests-line = { $count ->
    [one] { $count } persona más usa el servidor de este equipo. Sin él no encuentra a nadie.
   *[other] { $count } personas más usan el servidor de este equipo. Sin él no encuentran a nadie.
}
stop-server-and-quit = Detener el servidor y salir
keep-server = Dejarlo en marcha

server-here-ports = No se pudo iniciar ningún servidor: otros programas ocupan todos los puertos del { $first } al { $last }. Cierre uno e inténtelo de nuevo.
server-here-not-permitted = Este equipo no permite que Visavis inicie un servidor. Pregunte a quien lo administra.
server-here-folder = No se pudo iniciar ningún servidor: no se puede escribir en { $folder }, donde guarda los nombres. Concédase permiso para escribir ahí.
server-here-full = No se pudo iniciar ningún servidor: el disco está lleno. Libere espacio e inténtelo de nuevo.
server-here-already = Otra ventana ya tiene un servidor en este equipo. Elíjalo en «Cercanos».
server-here-names = No se pudo iniciar ningún servidor: no se pueden leer los nombres de { $file }. Mueva el archivo para empezar de nuevo.
server-here-failed = No se pudo iniciar ningún servidor aquí. Inténtelo de nuevo o elija otro.
