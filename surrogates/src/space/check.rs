//! From columns and constraints as they are written to a space that can be searched.

use std::collections::HashSet;

use super::constraint::{Row, rounding};
use super::{Constraints, Field, Kind, SITES_MAX, Site, Space, SpaceError, hint};
use crate::Draws;

/// Points from which a first valid design is looked for.
const STARTS: usize = 200;

impl Space {
    /// A space of these columns and constraints.
    ///
    /// # Errors
    /// [`SpaceError`] for the first column or constraint that cannot be, or if no design was found that meets all.
    pub fn try_new(mut fields: Vec<Field>, constraints: Constraints) -> Result<Self, SpaceError> {
        let mut names = HashSet::new();
        if let Some(field) = fields.iter().find(|field| !names.insert(field.name.as_str())) {
            return Err(SpaceError::DuplicateColumn { name: field.name.clone() });
        }
        let sites = fields.iter().map(|field| field.kind.sites()).sum();
        match sites {
            _ if fields.is_empty() => return Err(SpaceError::NoColumns),
            sites if sites > SITES_MAX => {
                return Err(SpaceError::TooManySites { sites, sites_max: SITES_MAX });
            }
            _ => (),
        }
        let mut start = 0;
        for field in &mut fields {
            check_kind(field)?;
            field.sites = start..start + field.kind.sites();
            start = field.sites.end;
        }
        let mut space = Self {
            sites: fields.iter().flat_map(|f| vec![f.kind.site(); f.kind.sites()]).collect(),
            bounds: fields.iter().flat_map(bounds).collect(),
            rows: Vec::new(),
            rows_of: vec![Vec::new(); sites],
            members: Vec::new(),
            sum_of: vec![None; sites],
            free: Vec::new(),
            forbidden: Vec::new(),
            witness: Vec::new(),
            fields,
            constraints,
        };
        space.free = (0..sites).filter(|&site| space.is_free(site)).collect();
        space.compile()?;
        space.witness = space.find_witness()?;
        Ok(space)
    }

    /// The constraints by sites.
    fn compile(&mut self) -> Result<(), SpaceError> {
        let constraints = self.constraints.clone();
        for sum in &constraints.sums {
            self.add_sum(&sum.columns, sum.total, sum.tolerance)?;
        }
        for limit in &constraints.limits {
            self.add_limit(&limit.terms, limit.at_most)?;
        }
        for rule in &constraints.forbidden {
            let rule = self.rule(&rule.values)?;
            self.forbidden.push(rule);
        }
        for (at, row) in self.rows.iter().enumerate() {
            row.terms.iter().for_each(|&(site, _)| self.rows_of[site].push(at));
        }
        Ok(())
    }

    fn add_sum(&mut self, columns: &[String], total: f64, off: f64) -> Result<(), SpaceError> {
        let name = || format!("the sum {} = {total}", columns.join(" + "));
        finite(&name, "the total", total, true)?;
        finite(&name, "the tolerance", off, off >= 0.0)?;
        if columns.len() < 2 {
            return Err(SpaceError::TooFewColumns { constraint: name(), least: 2 });
        }
        let terms = self.terms(&name, columns.iter().map(|column| (column, 1.0)))?;
        for (&(site, _), column) in terms.iter().zip(columns) {
            if self.sum_of[site].replace(self.rows.len()).is_some() {
                return Err(SpaceError::TwoSums { column: column.clone() });
            }
        }
        let row = self.row(terms, total, off, true);
        let (least, most) = row.reach(&self.bounds);
        if total < least - row.tolerance || total > most + row.tolerance {
            return Err(SpaceError::SumUnreachable { constraint: name(), least, most });
        }
        // A real member, even a fixed one, may make up for the fraction.
        let real = |&&(site, _): &&(usize, f64)| matches!(self.sites[site], Site::Real { .. });
        if !row.terms.iter().any(|term| real(&term))
            && (total - total.round()).abs() > row.tolerance
        {
            return Err(SpaceError::SumNotWhole { constraint: name() });
        }
        self.members.push(row.terms.iter().map(|t| t.0).filter(|&s| self.is_free(s)).collect());
        self.rows.push(row);
        Ok(())
    }

    fn add_limit(&mut self, terms: &[(String, f64)], at_most: f64) -> Result<(), SpaceError> {
        let name = || {
            let terms: Vec<String> = terms.iter().map(|(name, w)| format!("{w} {name}")).collect();
            format!("the limit {} <= {at_most}", terms.join(" + "))
        };
        finite(&name, "the bound", at_most, true)?;
        for (_, weight) in terms {
            finite(&name, "a weight", *weight, true)?;
        }
        let mut terms =
            self.terms(&name, terms.iter().map(|(column, weight)| (column, *weight)))?;
        terms.retain(|term| term.1 != 0.0);
        if terms.is_empty() {
            return Err(SpaceError::TooFewColumns { constraint: name(), least: 1 });
        }
        let row = self.row(terms, at_most, 0.0, false);
        let least = row.reach(&self.bounds).0;
        if least > at_most + row.tolerance {
            return Err(SpaceError::LimitUnreachable { constraint: name(), least });
        }
        self.rows.push(row);
        Ok(())
    }

    /// A row with its allowance for rounding.
    fn row(&self, terms: Vec<(usize, f64)>, bound: f64, tolerance: f64, is_sum: bool) -> Row {
        let ends = |&(site, weight): &(usize, f64)| {
            let (lower, upper) = self.bounds[site];
            weight.abs() * lower.abs().max(upper.abs())
        };
        let scale = terms.iter().map(ends).fold(bound.abs(), f64::max);
        Row { terms, bound, tolerance: tolerance.max(rounding(scale)), is_sum }
    }

    fn terms<'a>(
        &self,
        constraint: &dyn Fn() -> String,
        columns: impl Iterator<Item = (&'a String, f64)>,
    ) -> Result<Vec<(usize, f64)>, SpaceError> {
        let mut terms: Vec<(usize, f64)> = Vec::new();
        for (column, weight) in columns {
            let field = self.named(constraint, column)?;
            let site = field.sites.start;
            if !field.kind.site().is_number() {
                let (column, kind) = (column.clone(), field.kind.name());
                let constraint = constraint();
                return Err(SpaceError::NotANumberColumn { constraint, column, kind });
            }
            if terms.iter().any(|term| term.0 == site) {
                let column = column.clone();
                return Err(SpaceError::Twice { constraint: constraint(), column });
            }
            terms.push((site, weight));
        }
        Ok(terms)
    }

    fn named(&self, constraint: &dyn Fn() -> String, column: &str) -> Result<&Field, SpaceError> {
        self.field(column).ok_or_else(|| {
            let names: Vec<String> = self.fields.iter().map(|f| f.name.clone()).collect();
            let (wanted, hint) = (column.to_owned(), hint(column, &names));
            SpaceError::NoSuchColumn { constraint: constraint(), wanted, hint }
        })
    }

    /// A forbidden combination by sites.
    fn rule(&self, values: &[(String, String)]) -> Result<Vec<(usize, f64)>, SpaceError> {
        let name = || {
            let values: Vec<String> = values.iter().map(|(c, v)| format!("{c} = {v}")).collect();
            format!("the forbidden combination {}", values.join(", "))
        };
        if values.len() < 2 {
            return Err(SpaceError::TooFewColumns { constraint: name(), least: 2 });
        }
        let mut rule: Vec<(usize, f64)> = Vec::new();
        for (column, value) in values {
            let field = self.named(&name, column)?;
            let known = match &field.kind {
                Kind::Ordinal { levels } | Kind::Categorical { levels } => levels.clone(),
                Kind::Integer { lower, upper } => vec![format!("{lower} to {upper}")],
                kind @ (Kind::Real { .. } | Kind::Sequence { .. }) => {
                    let (constraint, kind) = (name(), kind.name());
                    let column = column.clone();
                    return Err(SpaceError::NotForbiddable { constraint, column, kind });
                }
            };
            let site = field.kind.site();
            let inside = |v: &f64| site.lower() <= *v && *v <= site.upper();
            let Some(number) = field.parse(value).ok().map(|v| v[0]).filter(inside) else {
                let (constraint, column, value) = (name(), column.clone(), value.clone());
                let hint = hint(&value, &known);
                return Err(SpaceError::NoSuchValue { constraint, column, value, hint });
            };
            if rule.iter().any(|entry| entry.0 == field.sites.start) {
                return Err(SpaceError::Twice { constraint: name(), column: column.clone() });
            }
            rule.push((field.sites.start, number));
        }
        Ok(rule)
    }

    /// A first valid design: near the middle, or else near some point drawn at random.
    fn find_witness(&self) -> Result<Vec<f64>, SpaceError> {
        let middle: Vec<f64> = self.bounds.iter().map(|&(l, u)| l / 2.0 + u / 2.0).collect();
        let mut draws = Draws::new(0, "a first valid design");
        let others = (1..STARTS).map(|_| self.scatter(&mut draws));
        let found = std::iter::once(middle).chain(others).find_map(|x| self.repair(&x));
        let constraints = self.rows.len() + self.forbidden.len();
        found.ok_or(SpaceError::Contradiction { constraints, starts: STARTS })
    }
}

fn finite(
    constraint: &dyn Fn() -> String,
    what: &'static str,
    found: f64,
    allowed: bool,
) -> Result<(), SpaceError> {
    if found.is_finite() && allowed {
        return Ok(());
    }
    Err(SpaceError::NotFinite { constraint: constraint(), what, found })
}

fn check_kind(field: &Field) -> Result<(), SpaceError> {
    let column = || field.name.clone();
    match &field.kind {
        Kind::Real { lower, upper } | Kind::Integer { lower, upper } => {
            let (lower, upper) = (*lower, *upper);
            if !(lower.is_finite() && upper.is_finite() && (upper - lower).is_finite()) {
                return Err(SpaceError::InfiniteBounds { column: column(), lower, upper });
            }
            if lower > upper || (lower == upper && field.fixed.is_empty()) {
                return Err(SpaceError::ReversedBounds { column: column(), lower, upper });
            }
            let whole = |x: f64| x.fract() == 0.0 && x.abs() < 2f64.powi(53);
            if matches!(field.kind, Kind::Integer { .. }) && !(whole(lower) && whole(upper)) {
                return Err(SpaceError::NotWholeBounds { column: column(), lower, upper });
            }
        }
        Kind::Ordinal { levels } | Kind::Categorical { levels } => {
            distinct(&field.name, levels.iter().cloned())?;
        }
        Kind::Sequence { alphabet, length } => {
            distinct(&field.name, alphabet.iter().map(char::to_string))?;
            if *length == 0 {
                return Err(SpaceError::EmptySequence { column: column() });
            }
        }
    }
    let number = field.kind.site().is_number();
    if field.cost.is_some_and(|cost| !(cost.is_finite() && number)) {
        return Err(SpaceError::Cost { column: column() });
    }
    check_fixed(field)
}

fn distinct(column: &str, levels: impl Iterator<Item = String>) -> Result<(), SpaceError> {
    let (column, mut seen) = (column.to_owned(), HashSet::new());
    for level in levels {
        if !seen.insert(level.clone()) {
            return Err(SpaceError::DuplicateLevel { column, level });
        }
    }
    if seen.is_empty() { Err(SpaceError::NoLevels { column }) } else { Ok(()) }
}

fn check_fixed(field: &Field) -> Result<(), SpaceError> {
    let (site, sites) = (field.kind.site(), field.kind.sites());
    let wrong = |value: String, expected: String| SpaceError::Fixed {
        column: field.name.clone(),
        value,
        expected,
    };
    if !field.fixed.is_empty() && field.fixed.len() != sites {
        let found = field.fixed.len();
        return Err(wrong(format!("{found} values"), format!("the column has {sites} sites")));
    }
    for value in field.fixed.iter().flatten() {
        let inside = value.is_finite() && site.nearest(*value) == *value;
        if !inside {
            let (lower, upper) = (site.lower(), site.upper());
            return Err(wrong(value.to_string(), format!("it must lie in {lower} to {upper}")));
        }
    }
    Ok(())
}

/// The bounds of a field's sites: one value twice where they are fixed.
fn bounds(field: &Field) -> Vec<(f64, f64)> {
    let site = field.kind.site();
    let at = |index: usize| match field.fixed.get(index) {
        Some(Some(value)) => (*value, *value),
        _ => (site.lower(), site.upper()),
    };
    (0..field.kind.sites()).map(at).collect()
}
