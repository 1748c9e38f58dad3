# Por qué no se ha iniciado sesión.

no-server-address = «{ $typed }» no es una dirección de servidor. Escriba un nombre como calls.example.org.
server-unknown-name = No hay ningún servidor llamado { $server }. Compruebe cómo se escribe, y que este equipo esté en línea.
server-not-running = Ningún servidor está en marcha en { $server }. Compruebe la dirección, y que el servidor esté en marcha.
server-no-answer = { $server } no responde. Compruebe la dirección, y que ningún cortafuegos lo impida.
server-no-route = No se puede llegar a { $server } desde esta red. Compruebe que este equipo esté en línea.
server-silent-tls = { $server } no responde como un servidor de Visavis. Compruebe la dirección. Si el servidor no está cifrado, desactive «Conexión cifrada».
server-silent = { $server } no responde como un servidor de Visavis. Compruebe la dirección. Si el servidor está cifrado, active «Conexión cifrada».
server-not-encrypted = { $server } no está cifrado. Desactive «Conexión cifrada», o pida la dirección cifrada.
server-encrypted = { $server } solo acepta conexiones cifradas. Active «Conexión cifrada».
server-untrusted = Este equipo no confía en el certificado de { $server }. Compruebe la dirección. Si el servidor es suyo, dele un certificado de una autoridad conocida.
server-expired = El certificado de { $server } ha caducado. Pida a su responsable que lo renueve, y compruebe el reloj de este equipo.
server-not-yet-valid = El certificado de { $server } aún no es válido. Compruebe el reloj de este equipo.
server-other-name = El certificado de { $server } es de otro nombre. Escriba el nombre del servidor como está en su certificado.
server-bad-certificate = El certificado de { $server } no se puede usar. Avise al responsable del servidor.
server-encryption-fails = No se puede establecer una conexión cifrada con { $server }. Avise al responsable del servidor.
server-too-many = { $server } no acepta por ahora más inicios de sesión desde aquí. Espere un minuto e inténtelo de nuevo.
server-behind-proxy = { $server } no está en marcha en este momento. Inténtelo más tarde, o avise a su responsable.
server-busy = { $server } está sobrecargado o reiniciándose. Inténtelo en un momento.
server-not-admitted = { $server } no deja entrar a este equipo. Pregunte a su responsable.
server-moved = { $server } se ha trasladado. Pida la nueva dirección a su responsable.
server-none-there = No hay ningún servidor de Visavis en { $server }. Compruebe la dirección.
server-failed = { $server } no funciona en este momento. Avise a su responsable.
server-connection-failed = La conexión con { $server } falló. Inténtelo de nuevo.
log-in-taken = Alguien ya ha iniciado sesión como { $name }. Elija otro nombre de usuario.
log-in-taken-by-another = Otra persona ha iniciado sesión como { $name }. Elija otro nombre de usuario.
log-in-other-name = El servidor le dejó entrar con un nombre distinto de { $name }, así que no ha iniciado sesión. Compruebe su dirección.
log-in-name-refused = El servidor no acepta el nombre de usuario { $name }. Elija otro.
log-in-not-allowed = El servidor no deja entrar a { $name } desde este dispositivo. Puede que el nombre pertenezca a otro dispositivo.
log-in-refused = El servidor rechazó el inicio de sesión sin dar una razón.
log-in-was-here = { $reason } Si fue este dispositivo, escriba la dirección del servidor como entonces.
logged-in-elsewhere = Inició sesión como { $name } en otra ventana o en otro dispositivo, y aquí se ha cerrado. Inicie sesión para volver.

## Dónde se inicia sesión

username-help = Con él le llaman los demás. Quien usa primero un nombre en un servidor se lo queda: sin contraseña.
username-becomes = Los demás le ven como «{ $name }».
by-address = Por dirección
encrypted-connection = Conexión cifrada
server-is-encrypted = Cifrada: nadie en el camino al servidor sabe a quién llama.
server-is-open = Sin cifrar: en el camino al servidor otros pueden ver a quién llama.
encrypted-server = { $server }, cifrado
open-server = { $server }, sin cifrar
recent-servers = Servidores recientes
forget-server = Olvidar { $server }
invitation-invalid = Eso no es una invitación. Empieza por visavis:// y lleva a un servidor, a una persona o a una sala.
invitation-too-long = Esa invitación es demasiado larga. Copie solo el enlace.
invitation-server = Esa invitación no nombra ningún servidor. Pida un enlace nuevo.
invitation-name = Esa invitación lleva a un nombre que nadie puede tener. Pida un enlace nuevo.
invitation-room = Esa invitación lleva a una sala que no puede existir. Pida un enlace nuevo.
invitation-path = Esa invitación sigue después del nombre. Copie solo el enlace.
invitation-encoding = Esa invitación se dañó por el camino. Pídala de nuevo.
invitation-option = Esa invitación dice más de lo que entiende esta versión de Visavis. Pida otro enlace.
invited-to-person = Le invitan a llamar a { $name } en { $server }.
invited-to-room = Le invitan a la sala { $room } en { $server }.
invited-to-server = Le invitan al servidor { $server }.
server-asks-for-no-key = El servidor { $server } no pidió su clave, así que nadie inició sesión. Pida a quien lo administra que lo actualice, o inténtelo de nuevo.
