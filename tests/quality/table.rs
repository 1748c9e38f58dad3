//! What was measured as tables: pure.

use serde_json::{Value, json};

use crate::call::Sender;
use crate::judge::Picture;
use crate::speech::{Network, Score};
use crate::summary::Summary;

/// What stands for what was not measured.
const NOTHING: &str = "–";

/// Speech that was measured.
#[derive(Debug, Clone)]
pub(crate) struct Spoken {
    pub(crate) network: Network,
    pub(crate) sender: Sender,
    /// None when the call did not come about.
    pub(crate) score: Option<Score>,
}

impl Spoken {
    pub(crate) fn mean(&self) -> Option<f64> {
        self.score.as_ref().and_then(Score::mean)
    }

    pub(crate) fn in_a_line(&self) -> String {
        let rounds = self.score.as_ref().map_or(&[][..], |score| &score.rounds);
        let rounds: Vec<_> = rounds.iter().map(|score| format!("{score:.2}")).collect();
        format!("PESQ {} ({})", number(self.mean(), 2), rounds.join(", "))
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "network": self.network.name(),
            "sender": self.sender.name(),
            "pesq": self.mean(),
            "rounds": self.score.as_ref().map(|score| &score.rounds),
        })
    }
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| format!("{value:.digits$}"))
}

const HEAD: [&str; 14] = [
    "case", "sender", "PSNR", "p10", "SSIM", "p10", "lines", "fps", "used", "video", "queue",
    "freezes", "first", "95%",
];

fn cells(summary: &Summary) -> [String; 12] {
    [
        number(summary.psnr.map(|spread| spread.mean), 2),
        number(summary.psnr.map(|spread| spread.p10), 2),
        number(summary.ssim.map(|spread| spread.mean), 4),
        number(summary.ssim.map(|spread| spread.p10), 4),
        number(summary.lines.map(f64::from), 0),
        number(summary.fps, 1),
        number(summary.used.map(|share| share * 100.0), 0) + "%",
        number(summary.video_kbps, 0),
        number(summary.queue_p95_ms, 0) + " ms",
        number(summary.freezes, 0),
        number(summary.first_frame_s, 2) + " s",
        number(summary.nearly_final_s, 1) + " s",
    ]
}

/// What was measured of a call, while others still go on.
pub(crate) fn in_a_line(summary: &Summary) -> String {
    let cells = cells(summary);
    let words: Vec<_> =
        HEAD.iter().skip(2).zip(&cells).map(|(head, cell)| format!("{head} {cell}")).collect();
    let unread = summary.unread.unwrap_or(0.0) * 100.0;
    format!(
        "{}, longest gap {} ms, unread {unread:.1}%",
        words.join(", "),
        number(summary.longest_gap_ms, 0)
    )
}

/// All pictures, a line for each.
pub(crate) fn of_pictures(pictures: &[Picture]) -> String {
    let row = |picture: &Picture| {
        let summary = picture.summary.clone().unwrap_or_default();
        let names = [picture.case.name(), picture.sender.name().to_owned()];
        names.into_iter().chain(cells(&summary)).collect()
    };
    aligned(&HEAD, &pictures.iter().map(row).collect::<Vec<_>>())
}

/// All speech, a line for each.
pub(crate) fn of_speech(scores: &[Spoken]) -> String {
    let row = |spoken: &Spoken| {
        vec![
            spoken.network.name().to_owned(),
            spoken.sender.name().to_owned(),
            number(spoken.mean(), 2),
        ]
    };
    aligned(&["network", "sender", "PESQ"], &scores.iter().map(row).collect::<Vec<_>>())
}

/// A table for Markdown, with columns as wide as they need to be.
fn aligned(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].len()]).max().unwrap_or(0)
    };
    let line = |cells: &mut dyn Iterator<Item = String>| {
        let pad = |(at, cell): (usize, String)| {
            let width = width(at);
            format!("{cell:<width$}")
        };
        let cells: Vec<_> = cells.enumerate().map(pad).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut table = line(&mut head.iter().map(|&word| word.to_owned()));
    table += &line(&mut (0..head.len()).map(|at| "-".repeat(width(at).max(3))));
    for row in rows {
        table += &line(&mut row.iter().cloned());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows =
            [vec!["a".to_owned(), "33.15".to_owned()], vec!["bike".to_owned(), "–".to_owned()]];
        let table = aligned(&["case", "PSNR"], &rows);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines[0], "| case | PSNR  |");
        assert_eq!(lines[3], "| bike | –     |");
        assert_eq!(lines[1], "| ---- | ----- |");
    }

    #[test]
    fn what_was_not_measured_is_no_zero() {
        assert!(in_a_line(&Summary::default()).starts_with("PSNR –, p10 –"));
    }
}
