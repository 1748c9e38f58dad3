# Why one is not logged in.

no-server-address = “{ $typed }” is not a server address. Write a name such as calls.example.org.
server-unknown-name = There is no server called { $server }. Check how it is spelled, and that this computer is online.
server-not-running = No server is running at { $server }. Check the address, and that the server is running.
server-no-answer = { $server } does not answer. Check the address, and that no firewall is in the way.
server-no-route = { $server } can't be reached from this network. Check that this computer is online.
server-silent-tls = { $server } does not answer as a Visavis server. Check the address. If the server has no encryption, turn off “Encrypted connection”.
server-silent = { $server } does not answer as a Visavis server. Check the address. If the server is encrypted, turn on “Encrypted connection”.
server-not-encrypted = { $server } is not encrypted. Turn off “Encrypted connection”, or ask for the encrypted address.
server-encrypted = { $server } accepts only encrypted connections. Turn on “Encrypted connection”.
server-untrusted = The certificate of { $server } is not trusted on this computer. Check the address. If the server is yours, give it a certificate from a known authority.
server-expired = The certificate of { $server } has expired. Ask whoever runs the server to renew it, and check this computer's clock.
server-not-yet-valid = The certificate of { $server } is not valid yet. Check this computer's clock.
server-other-name = The certificate of { $server } is for another name. Write the server's name as its certificate has it.
server-bad-certificate = The certificate of { $server } can't be used. Tell whoever runs the server.
server-encryption-fails = An encrypted connection to { $server } can't be made. Tell whoever runs the server.
server-too-many = { $server } accepts no more log-ins from here for now. Wait a minute and try again.
server-behind-proxy = { $server } is not running at the moment. Try again later, or tell whoever runs it.
server-busy = { $server } is overloaded or restarting. Try again in a moment.
server-not-admitted = { $server } does not let this computer in. Ask whoever runs it.
server-moved = { $server } has moved. Ask whoever runs it for the new address.
server-none-there = There is no Visavis server at { $server }. Check the address.
server-failed = { $server } does not work at the moment. Tell whoever runs it.
server-connection-failed = The connection to { $server } failed. Try again.
log-in-taken = Somebody is already logged in as { $name }. Choose another username.
log-in-taken-by-another = Somebody else is logged in as { $name }. Choose another username.
log-in-other-name = The server let you in under another name than { $name }, so you are not logged in. Check its address.
log-in-name-refused = The server does not accept the username { $name }. Choose another one.
log-in-not-allowed = The server does not let { $name } in from this device.
log-in-refused = The server refused the log-in and gave no reason.
log-in-was-here = { $reason } If that was this device, write the server's address as you did then.
logged-in-elsewhere = You logged in as { $name } in another window or on another device, and are logged out here. Log in to come back.

## Where one logs in

username-help = Others call you by it. Whoever uses a name first on a server keeps it: no password needed.
username-becomes = Others see you as “{ $name }”.
by-address = By address
encrypted-connection = Encrypted connection
server-is-encrypted = Encrypted: nobody on the way to the server learns whom you call.
server-is-open = Not encrypted: on the way to the server others can see whom you call.
encrypted-server = { $server }, encrypted
open-server = { $server }, not encrypted
recent-servers = Recent servers
forget-server = Forget { $server }
invitation-invalid = That is no invitation. It begins with visavis:// and leads to a server, a person or a room.
invitation-too-long = That invitation is too long. Copy the link alone.
invitation-server = That invitation names no server. Ask for a new link.
invitation-name = That invitation leads to a name that nobody can have. Ask for a new link.
invitation-room = That invitation leads to a room that can't be. Ask for a new link.
invitation-path = That invitation goes on after the name. Copy the link alone.
invitation-encoding = That invitation was damaged on its way. Ask for it again.
invitation-option = That invitation says more than this version of Visavis understands. Ask for another link.
invited-to-person = You are invited to call { $name } at { $server }.
invited-to-room = You are invited to the room { $room } at { $server }.
invited-to-server = You are invited to the server { $server }.
server-asks-for-no-key = The server at { $server } did not ask for your key, so nobody was logged in. Ask whoever runs it to update it, or try again.
