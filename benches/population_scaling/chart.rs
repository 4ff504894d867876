//! The scaling curves as pictures.

use std::path::{Path, PathBuf};

use plotters::prelude::*;

use super::Point;

/// One SVG for each layer and number of rows: members a second over the population, both logarithmic.
pub(super) fn write(points: &[Point]) -> std::io::Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/population_scaling");
    std::fs::create_dir_all(&folder)?;
    let mut written = Vec::new();
    let mut panels: Vec<(&str, usize)> = Vec::new();
    for point in points {
        if !panels.contains(&(&point.layer, point.rows)) {
            panels.push((&point.layer, point.rows));
        }
    }
    for (layer, rows) in panels {
        let path = folder.join(format!("{layer}_rows{rows}.svg"));
        let of: Vec<&Point> =
            points.iter().filter(|p| p.layer == layer && p.rows == rows).collect();
        draw(&path, &format!("{layer}, rows per member: {rows}"), &of)
            .map_err(std::io::Error::other)?;
        written.push(path);
    }
    Ok(written)
}

const COLOURS: [RGBColor; 5] = [
    RGBColor(31, 119, 180),
    RGBColor(44, 160, 44),
    RGBColor(148, 103, 189),
    RGBColor(255, 127, 14),
    RGBColor(127, 127, 127),
];

fn draw(path: &Path, title: &str, points: &[&Point]) -> Result<(), String> {
    let rates = points.iter().flat_map(|p| {
        [p.eggroll_members_per_s, p.inference_members_per_s, p.full_rank_members_per_s]
    });
    let (low, high) = rates.fold((f64::MAX, 0.0_f64), |(low, high), r| (low.min(r), high.max(r)));
    let populations = points.iter().map(|p| p.population as f64);
    let (first, last) =
        populations.fold((f64::MAX, 0.0_f64), |(low, high), n| (low.min(n), high.max(n)));
    let text = |e: DrawingAreaErrorKind<_>| e.to_string();
    let area = SVGBackend::new(path, (720, 480)).into_drawing_area();
    area.fill(&WHITE).map_err(text)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(
            (first / 1.3..last * 1.3).log_scale(),
            // Room above the curves for their names.
            (low / 1.5..high * 12.0).log_scale(),
        )
        .map_err(text)?;
    chart
        .configure_mesh()
        .x_desc("population")
        .y_desc("members per second")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0e}"))
        .draw()
        .map_err(text)?;
    let mut ranks: Vec<u32> = points.iter().map(|p| p.rank).collect();
    ranks.sort_unstable();
    ranks.dedup();
    let mut curves: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for &rank in &ranks {
        let of = points.iter().filter(|p| p.rank == rank);
        let line = of.map(|p| (p.population as f64, p.eggroll_members_per_s)).collect();
        curves.push((format!("EGGROLL, rank {rank}"), line));
    }
    let of = || points.iter().filter(|p| p.rank == ranks[0]);
    let inference = of().map(|p| (p.population as f64, p.inference_members_per_s)).collect();
    curves.push(("plain inference".to_owned(), inference));
    let full = of().map(|p| (p.population as f64, p.full_rank_members_per_s)).collect();
    curves.push(("full rank".to_owned(), full));
    for (k, (name, line)) in curves.into_iter().enumerate() {
        let colour = COLOURS[k % COLOURS.len()];
        let style = colour.stroke_width(2);
        let series = LineSeries::new(line, style).point_size(3);
        chart.draw_series(series).map_err(text)?.label(name).legend(move |(x, y)| {
            PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(2))
        });
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .position(SeriesLabelPosition::UpperRight)
        .draw()
        .map_err(text)?;
    area.present().map_err(text)
}
