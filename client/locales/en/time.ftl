# Numbers with their units, durations, dates.

percent = { $value }%
milliseconds = { $value } ms
kilobits-per-second = { $value } kbit/s
megabits-per-second = { $value } Mbit/s

less-than-a-second = less than a second
hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
two-durations = { $first } and { $second }

today = Today
yesterday = Yesterday
weekday = { $number ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
month = { $number ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
date = { $day } { $month }
date-with-year = { $day } { $month } { $year }
day-and-time = { $day }, { $time }
