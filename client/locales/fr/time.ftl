# Nombres avec leurs unités, durées, dates.

percent = { $value } %
milliseconds = { $value } ms
kilobits-per-second = { $value } kbit/s
megabits-per-second = { $value } Mbit/s

less-than-a-second = moins d’une seconde
hours = { $count ->
    [one] { $count } heure
   *[other] { $count } heures
}
minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
seconds = { $count ->
    [one] { $count } seconde
   *[other] { $count } secondes
}
two-durations = { $first } et { $second }

today = Aujourd’hui
yesterday = Hier
weekday = { $number ->
    [1] Lundi
    [2] Mardi
    [3] Mercredi
    [4] Jeudi
    [5] Vendredi
    [6] Samedi
   *[7] Dimanche
}
month = { $number ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
}
date = { $day ->
    [1] 1er { $month }
   *[other] { $day } { $month }
}
date-with-year = { $day ->
    [1] 1er { $month } { $year }
   *[other] { $day } { $month } { $year }
}
day-and-time = { $day }, { $time }
