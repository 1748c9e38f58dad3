# Sharing a screen or a window, and seeing the other's.

## Choosing

share = Share
share-hint = Share a screen or a window ({ $keys })
stop-sharing-hint = Stop sharing ({ $keys })
share-title = Share a screen or a window
share-line = { $peer } sees only what you choose here, until you stop.
share-screens = Screens
share-windows = Windows
share-portal = Screen or window
share-portal-line = Your desktop asks which one.
share-screen-numbered = Screen { $number }
share-untitled = Window without a title
share-name-and-size = { $name }, { $width }×{ $height }
share-camera = Keep my camera in a corner
share-sound = Sound of this computer
share-this-screen = Share this screen
share-this-window = Share this window
share-looking = Looking for screens and windows…
share-nothing = There is no screen and no window that can be shared.
close-share = Close sharing

## While sharing

share-other = Share something else
stop = Stop
stop-sharing = Stop sharing
sees-screen = { $peer } sees your screen
sees-named-screen = { $peer } sees your screen “{ $name }”
sees-window = { $peer } sees your window “{ $name }”
sees-untitled-window = { $peer } sees your window
sees-what-you-chose = { $peer } sees what you chose
share-starts = Nothing is shared yet…
share-desktop-asks = Choose in the dialog of your desktop
share-hidden = Your window can’t be seen now: { $peer } sees how it was last
what-they-see = What { $peer } sees

## When it ends by itself

share-ended-window = The window was closed and is shared no longer.
share-ended-screen = The screen was unplugged and is shared no longer.
share-ended-not-allowed = Your desktop did not allow it, or nothing was chosen: nothing is shared.
share-ended-desktop = Your desktop has stopped the sharing.
share-ended-failed = Nothing is shared any longer: { $why } Share again if it is needed.

## The other's screen

screen-of = Screen of { $peer }
zoom-in = Larger
zoom-out = Smaller
zoom-fit = Fit
zoom-fit-hint = Fit into the window (0)
zoom-original = Original size
zoom-original-hint = Original size (1)
zoom-now = Zoom: { $percent }
keys-zoom = Show the other’s screen larger or smaller, in a call
keys-original = Show the other’s screen in its original size, in a call
keys-text = Show text and files, or put them away, in a call
keys-share = Share a screen or a window, or stop it, in a call
