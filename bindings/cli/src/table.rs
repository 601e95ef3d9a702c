//! Tables for people.

/// Texts that come from others, for a terminal: what moves the cursor or hides text is written out.
pub(crate) fn plain(text: &str) -> String {
    // Bidirectional marks, as in `finding.bad_text`: what is read must be what is there.
    let hides =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if c.is_control() || hides(c) {
            out.extend(c.escape_unicode())
        } else {
            out.push(c)
        }
        out
    })
}

/// Where a column's cells stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Rows under a head; columns are as wide as their widest cell.
pub(crate) struct Table {
    sides: Vec<Side>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<N: Into<String>>(head: impl IntoIterator<Item = (N, Side)>) -> Self {
        let (names, sides) = head.into_iter().map(|(name, side)| (name.into(), side)).unzip();
        Self { sides, rows: vec![names] }
    }

    pub(crate) fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(|cell| plain(cell.as_ref())).collect());
    }

    /// The table with a line end after each row, and no space at the end of one.
    pub(crate) fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.sides.len()).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).zip(&self.sides).map(|((cell, width), side)| match side {
                Side::Left => format!("{cell:<width$}"),
                Side::Right => format!("{cell:>width$}"),
            });
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_one_another_and_move_no_cursor() {
        let mut table = Table::new([("name", Side::Left), ("n", Side::Right), ("why", Side::Left)]);
        table.row(["a\u{1b}[2J", "1", ""]);
        table.row(["é", "23", "so"]);
        assert_eq!(table.text(), "name         n  why\na\\u{1b}[2J   1\né           23  so\n");
    }
}
