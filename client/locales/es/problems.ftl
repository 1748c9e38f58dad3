# Qué le pasa a la propia aplicación: sus ajustes, su clave.

settings-damaged = Visavis empieza con los ajustes habituales: los suyos estaban dañados y están ahora en { $file }.
settings-stuck = Visavis empieza con los ajustes habituales: los suyos están dañados y los nuevos no se guardarán. Mueva { $file }.
settings-unread = Visavis empieza con los ajustes habituales: los suyos no se pueden leer. Los nuevos no se guardarán.
settings-ignored = Algunos ajustes no tenían sentido y están como al principio: { $names }. El archivo tal como estaba está en { $file }.
settings-later = Sus ajustes son de una versión más nueva de Visavis. Lo que esta no puede leer está en { $file }.
settings-unsaved = Sus elecciones no se recordarán: los ajustes no se pueden guardar. Compruebe que haya espacio en el disco.
settings-unsaved-busy = Sus elecciones no se recordarán: el equipo está demasiado ocupado. Cierre otros programas y vuelva a iniciar Visavis.
recording-failed = Algo no se pudo grabar. Compruebe que haya espacio en el disco.
key-unread = La clave a la que pertenecen sus nombres de usuario no se puede leer. Compruebe quién puede leer { $file }.
key-damaged = La clave a la que pertenecen sus nombres de usuario está dañada. Restaure { $file } de una copia de seguridad, o mueva el archivo para empezar con una clave nueva.
key-unsaved = No se puede guardar una clave para sus nombres de usuario. Compruebe que haya espacio en el disco.

## Contacts, blocked names, calls

people-damaged-restored = Sus contactos, llamadas y claves recordadas estaban dañados. Se usan los del último inicio y faltan las claves más nuevas; el archivo dañado es ahora { $file }.
people-damaged = Sus contactos, llamadas y claves recordadas están dañados y no se pueden mostrar. El archivo es ahora { $file }.
people-missing = Faltaban sus contactos, llamadas y claves recordadas. Se usan los del último inicio; faltan las claves más nuevas.
people-stuck = Sus contactos, llamadas y claves recordadas están dañados y los cambios no se guardarán. Mueva { $file }.
people-unread = Sus contactos, llamadas y claves recordadas no se pueden leer. Los cambios no se guardarán.
people-later = Sus contactos, llamadas y claves recordadas son de una versión más nueva de Visavis. Pueden faltar claves y los cambios no se guardarán: actualice esta.
people-in-use = Visavis está abierto en otra ventana con los mismos contactos. Los cambios y las claves nuevas de aquí no se guardarán.
people-not-kept = Los contactos, llamadas y claves nuevos no se pueden guardar. Compruebe que haya espacio en el disco.
people-disk-silent = Sus contactos y claves recordadas aún no se pueden leer: el disco no responde.
people-not-exportable = Sus contactos y llamadas no se pueden guardar ahora.
people-not-exported = Sus contactos y llamadas no se pudieron guardar ahí. Elija otra carpeta.
people-exported = Sus contactos y llamadas se guardaron en { $file }.
turned-away = { $name } intentó llamarle y supo que está en una llamada.
people-own-name = Ese es su propio nombre.
people-blocked = Ha bloqueado este nombre. Desbloquéelo primero.
people-too-many = No caben más de { $most } contactos. Elimine alguno primero.
people-too-many-blocked = No puede bloquear más de { $most } nombres. Desbloquee alguno primero.
people-name-too-long = Ese nombre es demasiado largo. Use como máximo { $most } caracteres.
people-no-contact = Ya no hay ningún contacto con ese nombre.
people-keys-of = La clave recordada de { $names } no se puede leer. Compare otra vez el código de seguridad. El archivo dañado es ahora { $file }.
people-keys-damaged = { $count ->
    [one] { $count } clave recordada no se puede leer. Compare otra vez los códigos de seguridad. El archivo dañado es ahora { $file }.
   *[other] { $count } claves recordadas no se pueden leer. Compare otra vez los códigos de seguridad. El archivo dañado es ahora { $file }.
}
people-key-differed = Para { $name } se recuerda otra clave que la de esta llamada. Compare el código de seguridad antes de decir nada privado.
people-other-key = Para ese nombre se recuerda otra clave.
people-too-many-keys = No caben más de { $most } claves. Olvide alguna primero.

## La clave: dónde está y cómo llevarla a otro equipo

key-keyring-locked = La clave a la que pertenecen sus nombres está en su depósito de claves, que está bloqueado. Desbloquéelo y vuelva a iniciar sesión.
key-keyring-silent = La clave a la que pertenecen sus nombres está en su depósito de claves, que no responde. Desbloquéelo o reinícielo y vuelva a iniciar sesión.
key-keyring-missing = La clave a la que pertenecen sus nombres está en su depósito de claves, al que no se puede acceder. Vuelva a entrar en su equipo.
key-keyring-gone = La clave a la que pertenecen sus nombres ya no está en su depósito de claves. Impórtela desde un archivo, o mueva { $file } para empezar con una clave nueva.
key-none = Todavía no hay ninguna clave. Su primer inicio de sesión crea una.
key-busy = Ya se está haciendo algo con su clave. Inténtelo de nuevo en un momento.
key-exported = Su clave está en { $file }. Lleve el archivo y su frase de contraseña al otro equipo.
key-imported = La clave ya está aquí. Se usará desde su próximo inicio de sesión.
key-imported-aside = La clave ya está aquí y se usará desde su próximo inicio de sesión. La anterior se conserva en { $file }.
key-imported-same = Esa es la clave que ya está aquí.
key-not-kept-aside = No se ha cambiado nada: la clave que hay aquí no se puede conservar aparte. Compruebe que haya espacio en el disco.
key-export-exists = { $file } ya existe. Elija otro nombre.
key-export-unwritten = No se puede escribir { $file }. Elija otra carpeta.
key-export-unread = No se puede leer { $file }. Elija otro archivo.
key-export-none = Ese archivo no contiene una clave de Visavis.
key-export-newer = Este archivo es de una versión más nueva de Visavis. Actualice esta.
key-export-damaged = Este archivo está dañado. Cópielo de nuevo o exporte la clave otra vez.
key-export-costly = Este archivo no es de Visavis: abrirlo llevaría demasiado tiempo.
key-export-no-memory = No hay memoria suficiente. Cierre otros programas e inténtelo de nuevo.
key-passphrase-wrong = Esa no es la frase de contraseña de este archivo.
key-passphrase-too-short = Esa frase de contraseña es demasiado corta. Use varias palabras.

## Sharing a screen

share-no-sound = No se puede captar el sonido de este equipo: solo se oye su voz.
share-not-possible = Este escritorio no permite que los programas compartan la pantalla.
share-display-failed = Ahora no se pueden leer las pantallas de este equipo. Inténtelo de nuevo dentro de un momento.
conversation-not-started = No se puede escribir ni enviar nada en esta llamada: el sistema ya no da hilos a Visavis.
