# Qué le pasa a la propia aplicación: sus ajustes, su clave.

settings-unread = Sus ajustes no se pueden leer. Visavis empieza con los habituales.
settings-damaged = Sus ajustes están dañados. Visavis empieza con los habituales.
settings-unsaved = Sus elecciones no se recordarán: los ajustes no se pueden guardar. Compruebe que haya espacio en el disco.
settings-unsaved-busy = Sus elecciones no se recordarán: el equipo está demasiado ocupado. Cierre otros programas y vuelva a iniciar Visavis.
recording-failed = Algo no se pudo grabar. Compruebe que haya espacio en el disco.
key-unread = La clave a la que pertenecen sus nombres de usuario no se puede leer. Compruebe quién puede leer { $file }.
key-damaged = La clave a la que pertenecen sus nombres de usuario está dañada. Restaure { $file } de una copia de seguridad, o mueva el archivo para empezar con una clave nueva.
key-unsaved = No se puede guardar una clave para sus nombres de usuario. Compruebe que haya espacio en el disco.
