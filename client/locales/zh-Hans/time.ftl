# 带单位的数字、时长、日期。

percent = { $value }%
milliseconds = { $value } 毫秒
kilobits-per-second = { $value } kbit/s
megabits-per-second = { $value } Mbit/s

less-than-a-second = 不到一秒
hours = { $count } 小时
minutes = { $count } 分钟
seconds = { $count } 秒
two-durations = { $first } { $second }

today = 今天
yesterday = 昨天
weekday = { $number ->
    [1] 星期一
    [2] 星期二
    [3] 星期三
    [4] 星期四
    [5] 星期五
    [6] 星期六
   *[7] 星期日
}
month = { $number }月
date = { $month }{ $day }日
date-with-year = { $year }年{ $month }{ $day }日
day-and-time = { $day } { $time }
