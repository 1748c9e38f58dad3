# Sharing a screen or a window, and seeing the other's.

## Choosing

share = Compartir
share-hint = Compartir una pantalla o una ventana ({ $keys })
stop-sharing-hint = Dejar de compartir ({ $keys })
share-title = Compartir una pantalla o una ventana
share-line = { $peer } solo ve lo que elija aquí, hasta que lo detenga.
share-screens = Pantallas
share-windows = Ventanas
share-portal = Pantalla o ventana
share-portal-line = Su escritorio pregunta cuál.
share-screen-numbered = Pantalla { $number }
share-untitled = Ventana sin título
share-name-and-size = { $name }, { $width }×{ $height }
share-camera = Mantener mi cámara en una esquina
share-sound = Sonido de este equipo
share-this-screen = Compartir esta pantalla
share-this-window = Compartir esta ventana
share-looking = Buscando pantallas y ventanas…
share-nothing = No hay ninguna pantalla ni ventana que compartir.
close-share = Cerrar compartir

## While sharing

share-other = Compartir otra cosa
stop = Detener
stop-sharing = Dejar de compartir
sees-screen = { $peer } ve su pantalla
sees-named-screen = { $peer } ve su pantalla «{ $name }»
sees-window = { $peer } ve su ventana «{ $name }»
sees-untitled-window = { $peer } ve su ventana
sees-what-you-chose = { $peer } ve lo que eligió
share-starts = Todavía no se comparte nada…
share-desktop-asks = Elija en el diálogo de su escritorio
share-hidden = Su ventana no se ve ahora: { $peer } la ve como estaba
what-they-see = Lo que ve { $peer }

## When it ends by itself

share-ended-window = La ventana se cerró y ya no se comparte.
share-ended-screen = La pantalla se desconectó y ya no se comparte.
share-ended-not-allowed = Su escritorio no lo permitió o no se eligió nada: no se comparte nada.
share-ended-desktop = Su escritorio ha detenido la compartición.
share-ended-failed = Ya no se comparte nada: { $why } Vuelva a compartir si hace falta.

## The other's screen

screen-of = Pantalla de { $peer }
zoom-in = Más grande
zoom-out = Más pequeño
zoom-fit = Ajustar
zoom-fit-hint = Ajustar a la ventana (0)
zoom-original = Tamaño original
zoom-original-hint = Tamaño original (1)
zoom-now = Ampliación: { $percent }
keys-zoom = Ver la pantalla del otro más grande o más pequeña, en una llamada
keys-original = Ver la pantalla del otro en su tamaño original, en una llamada
keys-text = Mostrar u ocultar texto y archivos, en una llamada
keys-share = Compartir una pantalla o una ventana, o dejar de hacerlo, en una llamada
