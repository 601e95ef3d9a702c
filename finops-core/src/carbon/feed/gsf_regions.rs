//! The Green Software Foundation's cloud region metadata,
//! <https://github.com/Green-Software-Foundation/real-time-cloud>: a CSV that the user supplies. It is never shipped.

use crate::{
    carbon::{CarbonError, Range, pue},
    error::shorten,
    units::check,
};

/// The columns that are read: year, provider, region, then the four figures.
pub const COLUMNS: [&str; 7] = [
    "year",
    "cloud-provider",
    "cloud-region",
    "power-usage-effectiveness",
    "grid-carbon-intensity-average-consumption-annual",
    "grid-carbon-intensity-marginal-consumption-annual",
    "provider-carbon-intensity-market-annual",
];

/// The newest row of a region. `None` is not published.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct RegionRow {
    /// The year.
    pub year: u16,
    /// Power usage effectiveness.
    pub pue: Option<f64>,
    /// Average intensity in g/kWh.
    pub average: Option<f64>,
    /// Marginal intensity in g/kWh.
    pub marginal: Option<f64>,
    /// Market-based intensity in g/kWh.
    pub market: Option<f64>,
}

/// The newest row of `region` (`aws:`, `azure:` or `gcp:` and its name).
///
/// # Errors
/// `carbon.feed_ambiguous` without a region, `carbon.unknown_zone` when the table has it not, `carbon.feed_shape` for a
/// missing column, text for a number, or two rows of one year; `carbon.bad_number`, `carbon.bad_pue`.
pub fn parse(body: &[u8], region: Option<&str>) -> Result<RegionRow, CarbonError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    let not_csv = |error: csv::Error| {
        let line = error.position().map_or(0, csv::Position::line);
        CarbonError::feed_shape(format!("line {line}"), "not CSV in UTF-8")
    };
    let header = reader.headers().map_err(not_csv)?;
    let mut columns = [0_usize; COLUMNS.len()];
    for (name, at) in COLUMNS.iter().zip(&mut columns) {
        let found = header.iter().position(|column| column.trim_matches(['\u{feff}', ' ']) == *name);
        *at = found.ok_or_else(|| CarbonError::feed_shape(*name, "the column is missing"))?;
    }
    let Some(region) = region else {
        return Err(CarbonError::FeedAmbiguous { path: "cloud-region".to_owned(), select: "`region`" });
    };
    let unknown = || CarbonError::UnknownZone {
        path: "select.region".to_owned(),
        zone: shorten(region.trim()),
        suggestions: Vec::new(),
    };
    let (prefix, name) = region.trim().split_once(':').ok_or_else(unknown)?;
    let provider = match prefix.to_ascii_lowercase().as_str() {
        "aws" => "Amazon Web Services",
        "azure" => "Microsoft Azure",
        "gcp" => "Google Cloud",
        _ => return Err(unknown()),
    };
    let mut newest: Option<(u16, csv::StringRecord)> = None;
    let mut twice = None;
    for record in reader.records() {
        let record = record.map_err(not_csv)?;
        let [year, of_provider, of_region, ..] = columns.map(|at| record.get(at).unwrap_or_default().trim());
        if of_provider != provider || !of_region.eq_ignore_ascii_case(name) {
            continue;
        }
        let year: u16 = year.parse().map_err(|_| shape(&record, "year", year))?;
        match &newest {
            Some((other, _)) if *other > year => {}
            // Two equal rows say the same; two different ones of a year leave no answer.
            Some((other, before)) if *other == year && *before != record => twice = Some(year),
            _ => newest = Some((year, record)),
        }
    }
    let (year, record) = newest.ok_or_else(unknown)?;
    if twice == Some(year) {
        return Err(shape(&record, "year", &year.to_string()));
    }
    let number = |column: usize| -> Result<Option<f64>, CarbonError> {
        let (at, name) = (columns.get(column).copied(), COLUMNS.get(column).copied().unwrap_or_default());
        let text = at.and_then(|at| record.get(at)).unwrap_or_default().trim();
        if text.is_empty() || text.eq_ignore_ascii_case("na") {
            return Ok(None);
        }
        // Rust would read `inf` and `nan` too, which are not numbers here.
        let digits =
            text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
        let value: f64 = text.parse().ok().filter(|_| digits).ok_or_else(|| shape(&record, name, text))?;
        check(name, value).map(Some)
    };
    let pue = number(3)?;
    if let Some(value) = pue {
        pue::check("power-usage-effectiveness", Range::point(value))?;
    }
    Ok(RegionRow { year, pue, average: number(4)?, marginal: number(5)?, market: number(6)? })
}

fn shape(record: &csv::StringRecord, column: &str, text: &str) -> CarbonError {
    let line = record.position().map_or(0, csv::Position::line);
    let problem = match column {
        "year" if text.parse::<u16>().is_ok() => format!("two different rows of {text}"),
        _ => format!("`{}`, not a number", shorten(text)),
    };
    CarbonError::feed_shape(format!("line {line}, {column}"), problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(lines: &str) -> Result<RegionRow, CarbonError> {
        parse(format!("{}\n{lines}", COLUMNS.join(",")).as_bytes(), Some("gcp:a"))
    }

    #[test]
    fn the_newest_year_wins_in_any_order() {
        let (old, new) = ("2022,Google Cloud,a,1.1,2,3,4", "2023,Google Cloud,a,NA,5,,0");
        for lines in [format!("{old}\n{new}"), format!("{new}\n{old}"), format!("{new}\n{new}\n")] {
            let found = row(&lines).unwrap();
            assert_eq!(
                found,
                RegionRow { year: 2023, pue: None, average: Some(5.0), marginal: None, market: Some(0.0) }
            );
        }
        let other = "2023,Google Cloud,a,1.2,5,,0";
        for lines in [format!("{other}\n{new}\n{old}"), format!("{new}\n{old}\n{other}")] {
            assert_eq!(row(&lines).unwrap_err().code(), "carbon.feed_shape");
        }
        assert_eq!(row("2023,Google Cloud,a,inf,5,,0").unwrap_err().code(), "carbon.feed_shape");
        assert_eq!(row("2023,Google Cloud,a,0.5,5,,0").unwrap_err().code(), "carbon.bad_pue");
        assert_eq!(parse(COLUMNS.join(",").as_bytes(), None).unwrap_err().code(), "carbon.feed_ambiguous");
    }
}
