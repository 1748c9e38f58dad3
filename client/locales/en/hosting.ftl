# Servers nearby, and one on this computer

nearby = Nearby
start-one = Start one here
start-and-log-in = Start and log in
nearby-looking = Looking on your network
nearby-comes = Servers on your network appear here by themselves.
nearby-none = No server was found on this network. Enter an address, or start a server here.
nearby-none-here = No server was found on this network. Enter the address of one.
nearby-servers = Servers nearby
nearby-online = { $count ->
    [0] Nobody online yet
    [one] { $count } person online
   *[other] { $count } people online
}
nearby-choose = Choose a server from the list first.

start-here = This computer becomes the server
start-here-line = People on your network find it under Nearby as “{ $name }”. It runs for as long as Visavis is open here, and needs no set-up.
server-here = Your server runs on this computer
server-here-line = { $count ->
    [one] Its address is { $address }. { $count } person is logged in.
   *[other] Its address is { $address }. { $count } people are logged in.
}
stop-server = Stop the server
server-here-address = Address for others
invite-qr-code = QR code of the link
server-here-alone = This computer is on no network, so only this computer can reach the server.
server-here-network = Everyone on this network can reach it. From the internet nobody can, unless your router forwards port { $port } to this computer.
server-here-everyone = Everyone on the internet can reach it, unless a firewall is in the way.
server-here-while-open = It runs for as long as Visavis is open here.
server-here-in-tray = Keep it running in the tray when the window is closed
stop-server-question = Stop the server?
closing-with-guests = Stop the server and quit?
closing-with-guests-line = { $count ->
    [one] { $count } other person uses the server on this computer. Without it they can't find anybody.
   *[other] { $count } other people use the server on this computer. Without it they can't find anybody.
}
stop-server-and-quit = Stop the server and quit
keep-server = Keep it running

server-here-ports = No server could be started: other programs have all ports from { $first } to { $last }. Close one of them and try again.
server-here-not-permitted = This computer does not let Visavis start a server. Ask whoever manages it.
server-here-folder = No server could be started: { $folder } can't be written, where it keeps the names of people. Give yourself the right to write there.
server-here-full = No server could be started: the disk is full. Free some room and try again.
server-here-already = Another window runs a server on this computer already. Choose it under Nearby.
server-here-names = No server could be started: the names of people in { $file } can't be read. Move the file away to begin anew.
server-here-failed = No server could be started here. Try again, or choose another one.
