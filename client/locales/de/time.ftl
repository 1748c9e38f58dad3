# Zahlen mit ihren Einheiten, Dauern, Daten.

percent = { $value } %
milliseconds = { $value } ms
kilobits-per-second = { $value } kbit/s
megabits-per-second = { $value } Mbit/s

less-than-a-second = weniger als eine Sekunde
hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}
minutes = { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}
seconds = { $count ->
    [one] { $count } Sekunde
   *[other] { $count } Sekunden
}
two-durations = { $first } und { $second }

today = Heute
yesterday = Gestern
weekday = { $number ->
    [1] Montag
    [2] Dienstag
    [3] Mittwoch
    [4] Donnerstag
    [5] Freitag
    [6] Samstag
   *[7] Sonntag
}
month = { $number ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
}
date = { $day }. { $month }
date-with-year = { $day }. { $month } { $year }
day-and-time = { $day }, { $time }
