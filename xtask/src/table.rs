//! Tables for a terminal.

/// Lines the columns up: the first to the left, as it holds words, the others to the right, as they
/// hold numbers.
///
/// Every row should have as many cells as `head`; what is missing stays empty, what is too much is
/// left out.
pub(crate) fn aligned(head: &[String], rows: &[Vec<String>]) -> String {
    let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            let lengths = rows.iter().map(|row| cell(row, column).chars().count());
            lengths.chain([cell(head, column).chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let line = |row: &[String]| {
        let mut line = String::new();
        for (column, width) in widths.iter().enumerate() {
            let cell = cell(row, column);
            if column == 0 {
                line.push_str(&format!("{cell:<width$}"));
            } else {
                line.push_str(&format!("   {cell:>width$}"));
            }
        }
        line.trim_end().to_owned() + "\n"
    };
    let rule: String =
        "─".repeat(widths.iter().sum::<usize>() + 3 * widths.len().saturating_sub(1));
    std::iter::once(line(head))
        .chain([rule + "\n"])
        .chain(rows.iter().map(|row| line(row)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_to_the_left_and_numbers_to_the_right() {
        let row = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>();
        let table = aligned(
            &row(&["", "alice", "bob"]),
            &[row(&["round trip", "1 ms", "12 ms"]), row(&["lost", "–"])],
        );
        assert_eq!(
            table,
            "             alice     bob\n\
             ──────────────────────────\n\
             round trip    1 ms   12 ms\n\
             lost             –\n"
        );
    }

    #[test]
    fn a_table_of_nothing_is_no_trouble() {
        assert_eq!(aligned(&[], &[]), "\n\n");
    }
}
