//! Data sets in the folders of Design-Bench: `<name>-x-<i>.npy` with designs and `<name>-y-<i>.npy` with scores, i from 0;
//! or in one archive.

use std::fs;
use std::path::{Path, PathBuf};

use super::files::damaged;
use super::npy::{Array, Values};
use super::{DesignError, Pool, Site, npz};

/// A data set, all its shards one after another.
#[derive(Debug, Clone, PartialEq)]
pub struct Shards {
    /// Whether designs are of whole numbers, which are levels and not amounts.
    pub discrete: bool,
    /// `(rows, columns)`.
    pub designs: Vec<Vec<f64>>,
    /// Of each design, as they are in the file: larger is better in Design-Bench.
    pub scores: Vec<f64>,
}

/// More levels than any choice has; so many names of levels still fit into memory.
const LEVELS_MAX: f64 = 65_536.0;

fn path(folder: &Path, name: &str, part: char, shard: usize) -> PathBuf {
    folder.join(format!("{name}-{part}-{shard}.npy"))
}

impl Shards {
    /// Names of the data sets in a folder, sorted: of each file that ends in `-x-<i>.npy` what comes before.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn names(folder: &Path) -> Result<Vec<String>, DesignError> {
        let unreadable = |error: std::io::Error| DesignError::Unreadable {
            path: folder.to_owned(),
            reason: error.to_string(),
        };
        let files = fs::read_dir(folder).map_err(unreadable)?;
        let files = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
        let name = |file: String| {
            let (name, shard) = file.strip_suffix(".npy")?.rsplit_once("-x-")?;
            shard.parse::<usize>().ok().map(|_| name.to_owned())
        };
        let mut names: Vec<String> = files.filter_map(name).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// Reads the data set of a name in a folder.
    ///
    /// # Errors
    /// If the first shard is missing, one between others, or the scores of one; if a file is no array of numbers, or shards differ
    /// in columns or type. The message has the path.
    pub fn read(folder: &Path, name: &str) -> Result<Self, DesignError> {
        let mut all = Self { discrete: false, designs: Vec::new(), scores: Vec::new() };
        let mut shard = 0;
        while shard == 0 || path(folder, name, 'x', shard).exists() {
            all.append(folder, name, shard)?;
            shard += 1;
        }
        // The one that is missing is the end, unless its scores or the shard after it are there.
        let missing = path(folder, name, 'x', shard);
        let beyond = [path(folder, name, 'y', shard), path(folder, name, 'x', shard + 1)];
        if beyond.iter().any(|path| path.exists()) {
            return Err(DesignError::NoShard { path: missing });
        }
        Ok(all)
    }

    fn append(&mut self, folder: &Path, name: &str, shard: usize) -> Result<(), DesignError> {
        let (at, scores_at) = (path(folder, name, 'x', shard), path(folder, name, 'y', shard));
        if !at.exists() {
            return Err(DesignError::NoShard { path: at });
        }
        if !scores_at.exists() {
            return Err(DesignError::NoScores { designs: at, scores: scores_at });
        }
        let (designs, scores) = (Array::read(&at)?, Array::read(&scores_at)?);
        self.extend((&at, designs), (&scores_at, scores))
    }

    /// Reads the data set in an archive of NumPy (`.npz`) with two arrays: `x`, the designs, and `y`, their scores.
    ///
    /// # Errors
    /// If it is missing or no such archive, or if it has other arrays than these two. The message has the path.
    pub fn read_archive(path: &Path) -> Result<Self, DesignError> {
        let mut arrays = npz::arrays(path)?;
        let names = Vec::from_iter(arrays.keys().cloned()).join(", ");
        let (Some(designs), Some(scores), true) =
            (arrays.remove("x"), arrays.remove("y"), arrays.is_empty())
        else {
            let found = if names.is_empty() { "none" } else { &names };
            let reason = format!("expected the arrays x (designs) and y (scores), found {found}");
            return Err(damaged(path, reason));
        };
        let mut all = Self { discrete: false, designs: Vec::new(), scores: Vec::new() };
        all.extend((path, designs), (path, scores))?;
        Ok(all)
    }

    /// Takes the rows of two arrays, from these files.
    fn extend(
        &mut self,
        (at, designs): (&Path, Array),
        (scores_at, scores): (&Path, Array),
    ) -> Result<(), DesignError> {
        let [rows, columns] = designs.shape[..] else {
            return Err(damaged(
                at,
                format!("expected rows and columns, found the shape {:?}", designs.shape),
            ));
        };
        if !matches!(scores.shape[..], [n] | [n, 1] if n == rows) {
            let reason = format!("expected the shape [{rows}, 1], found {:?}", scores.shape);
            return Err(damaged(scores_at, reason));
        }
        let first = self.designs.first();
        if first.is_some_and(|first| first.len() != columns || self.discrete != designs.is_whole())
        {
            return Err(damaged(at, "other columns or another type than in the shards before"));
        }
        self.discrete = designs.is_whole();
        let values = designs.to_f64();
        if let Some(value) = values.iter().find(|value| self.discrete && **value < 0.0) {
            return Err(damaged(at, format!("whole numbers are levels from 0 on, found {value}")));
        }
        self.designs.extend((0..rows).map(|row| values[row * columns..][..columns].to_vec()));
        self.scores.extend(scores.to_f64());
        Ok(())
    }

    /// Writes the data set into a folder, so many rows a shard, in single precision as Design-Bench does: the designs as 32-bit
    /// whole numbers if they are discrete.
    ///
    /// # Errors
    /// If a file cannot be written.
    ///
    /// # Panics
    /// If a shard has no rows.
    pub fn write(&self, folder: &Path, name: &str, rows: usize) -> Result<(), DesignError> {
        let shards = self.designs.chunks(rows).zip(self.scores.chunks(rows));
        for (shard, (designs, scores)) in shards.enumerate() {
            let values = designs.iter().flatten();
            let values = match self.discrete {
                true => Values::I32(values.map(|&v| v as i32).collect()),
                false => Values::F32(values.map(|&v| v as f32).collect()),
            };
            let shape = vec![designs.len(), designs[0].len()];
            put(&path(folder, name, 'x', shard), &Array { shape, values })?;
            let values = Values::F32(scores.iter().map(|&score| score as f32).collect());
            put(&path(folder, name, 'y', shard), &Array { shape: vec![scores.len(), 1], values })?;
        }
        Ok(())
    }

    /// Columns as the designs show them: levels from 0 to the largest, or numbers between the smallest and the largest. Whole
    /// numbers from 65,536 on are no levels but amounts.
    pub fn sites(&self) -> Vec<Site> {
        let site = |column: usize| {
            let values = || self.designs.iter().map(|design| design[column]);
            let largest = values().fold(f64::NEG_INFINITY, f64::max);
            let name = format!("x{}", column + 1);
            match self.discrete && largest < LEVELS_MAX {
                true => {
                    Site::categorical(name, (0..=largest as usize).map(|level| level.to_string()))
                }
                false => Site::real(name, values().fold(f64::INFINITY, f64::min), largest),
            }
        };
        (0..self.designs.first().map_or(0, Vec::len)).map(site).collect()
    }
}

impl From<&Pool> for Shards {
    /// The observed scores of a pool; discrete if all its columns are.
    fn from(pool: &Pool) -> Self {
        let discrete = pool.columns.iter().all(|site| site.levels().is_some());
        Self { discrete, designs: pool.designs.clone(), scores: pool.scores.clone() }
    }
}

fn put(path: &Path, array: &Array) -> Result<(), DesignError> {
    let unwritable = |error: std::io::Error| DesignError::Unwritable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    fs::write(path, array.to_bytes()).map_err(unwritable)
}

#[cfg(test)]
mod tests {
    use super::super::{Oracle, Planted, tf_bind_like};
    use super::*;

    /// A folder of a test's own, empty.
    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("hatchery-shards-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_folder_of_shards_equals_one_array() {
        let folder = folder("equal");
        let shards = Shards::from(&tf_bind_like(1).pool(0));
        shards.write(&folder, "tf-bind", 20_000).unwrap();
        shards.write(&folder, "whole", 100_000).unwrap();
        assert_eq!(Shards::names(&folder).unwrap(), ["tf-bind", "whole"]);
        assert!(
            path(&folder, "tf-bind", 'y', 3).exists() && !path(&folder, "whole", 'y', 1).exists()
        );
        let (parts, whole) =
            (Shards::read(&folder, "tf-bind").unwrap(), Shards::read(&folder, "whole").unwrap());
        assert_eq!(parts, whole);
        assert!(whole.discrete && whole.designs == shards.designs);
        let rounded: Vec<f64> =
            shards.scores.iter().map(|&score| f64::from(score as f32)).collect();
        assert_eq!(whole.scores, rounded);
        assert_eq!(whole.sites()[7].levels(), Some(4));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_archive_has_designs_and_scores_and_nothing_else() {
        let folder = folder("archive");
        let file = folder.join("a.npz");
        let message = |names: &[&str]| {
            let mut archive = zip::ZipWriter::new(fs::File::create(&file).unwrap());
            for name in names {
                archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
                let array = Array { shape: vec![1, 1], values: Values::F64(vec![0.5]) };
                std::io::Write::write_all(&mut archive, &array.to_bytes()).unwrap();
            }
            archive.finish().unwrap();
            Shards::read_archive(&file).map_err(|error| error.to_string())
        };
        assert_eq!(
            message(&["y.npy", "x.npy"]),
            Ok(Shards { discrete: false, designs: vec![vec![0.5]], scores: vec![0.5] })
        );
        for (names, found) in [
            (&["x.npy"][..], "found x"),
            (&["x.npy", "y.npy", "z.npy"], "found x, y, z"),
            (&["arr_0.npy", "arr_1.npy"], "found arr_0, arr_1"),
            (&[], "found none"),
        ] {
            let said = message(names).expect_err("other arrays");
            assert!(said.ends_with(found), "{said}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn missing_files_are_named() {
        let folder = folder("missing");
        let planted = Planted::draw(1).pool(1);
        Shards::from(&planted).write(&folder, "p", 8000).unwrap();
        assert!(!Shards::read(&folder, "p").unwrap().discrete);
        let message = || Shards::read(&folder, "p").expect_err("a file is missing").to_string();
        let at = |part, shard| path(&folder, "p", part, shard).display().to_string();
        fs::remove_file(at('y', 1)).unwrap();
        assert_eq!(
            message(),
            format!("{} has no scores: there is no file {}", at('x', 1), at('y', 1))
        );
        fs::remove_file(at('x', 1)).unwrap();
        assert!(message().starts_with(&format!("there is no file {}", at('x', 1))));
        fs::remove_file(at('x', 0)).unwrap();
        assert!(message().starts_with(&format!("there is no file {}", at('x', 0))));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn shards_that_do_not_fit_are_refused() {
        let folder = folder("unfit");
        let shards = |columns: usize, discrete| Shards {
            discrete,
            designs: vec![vec![1.0; columns]; 5],
            scores: vec![0.0; 5],
        };
        let message = || Shards::read(&folder, "s").expect_err("it is wrong").to_string();
        for second in [shards(3, true), shards(2, false)] {
            second.write(&folder, "s", 5).unwrap();
            fs::rename(path(&folder, "s", 'x', 0), path(&folder, "s", 'x', 1)).unwrap();
            fs::rename(path(&folder, "s", 'y', 0), path(&folder, "s", 'y', 1)).unwrap();
            shards(2, true).write(&folder, "s", 5).unwrap();
            assert!(message().ends_with("other columns or another type than in the shards before"));
        }
        let low = Array { shape: vec![5, 2], values: Values::I32(vec![-1; 10]) };
        put(&path(&folder, "s", 'x', 0), &low).unwrap();
        assert!(message().ends_with("whole numbers are levels from 0 on, found -1"));
        shards(2, true).write(&folder, "s", 5).unwrap();
        let scores = Array { shape: vec![4, 1], values: Values::F32(vec![0.0; 4]) };
        put(&path(&folder, "s", 'y', 0), &scores).unwrap();
        assert!(message().ends_with("expected the shape [5, 1], found [4, 1]"));
        fs::remove_dir_all(folder).unwrap();
    }
}
