# Números con sus unidades, duraciones, fechas.

percent = { $value } %
milliseconds = { $value } ms
kilobits-per-second = { $value } kbit/s
megabits-per-second = { $value } Mbit/s

less-than-a-second = menos de un segundo
hours = { $count ->
    [one] { $count } hora
   *[other] { $count } horas
}
minutes = { $count ->
    [one] { $count } minuto
   *[other] { $count } minutos
}
seconds = { $count ->
    [one] { $count } segundo
   *[other] { $count } segundos
}
two-durations = { $first } y { $second }

today = Hoy
yesterday = Ayer
weekday = { $number ->
    [1] Lunes
    [2] Martes
    [3] Miércoles
    [4] Jueves
    [5] Viernes
    [6] Sábado
   *[7] Domingo
}
month = { $number ->
    [1] enero
    [2] febrero
    [3] marzo
    [4] abril
    [5] mayo
    [6] junio
    [7] julio
    [8] agosto
    [9] septiembre
    [10] octubre
    [11] noviembre
   *[12] diciembre
}
date = { $day } de { $month }
date-with-year = { $day } de { $month } de { $year }
day-and-time = { $day }, { $time }
