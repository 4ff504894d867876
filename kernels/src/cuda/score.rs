//! Scores of classifiers on a device. Source, grid and twin: see `score.cu`.

use super::{Argument, Prepared, Shape, Source};
use crate::KernelError;

pub(super) fn source() -> Source {
    Source::new("score", include_str!("score.cu"))
}

impl Prepared<'_> {
    /// Mean over the rows of each member of `log softmax(z)[label]`, or of whether the label has the largest output; one number
    /// per member, `+` and `-` of a direction side by side.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if there is not one label below the number of outputs for each row; [`KernelError::Device`]
    /// from the device.
    pub fn score(&self, labels: &[u8], accuracy: bool) -> Result<Vec<f32>, KernelError> {
        const OP: &str = "score";
        let (classes, device) = (self.outputs(), self.device());
        let members = self.columns() / self.rows().max(1);
        KernelError::check_len(OP, "labels", self.rows(), labels.len())?;
        if let Some(&label) = labels.iter().find(|&&label| usize::from(label) >= classes) {
            return KernelError::check_len(OP, "classes", usize::from(label) + 1, classes)
                .map(|()| Vec::new());
        }
        let labels: Vec<u32> = labels.iter().map(|&label| u32::from(label)).collect();
        let labels = device.upload(&labels)?;
        let scores = device.allocate::<f32>(members)?;
        let arguments = [
            self.output().argument(),
            labels.argument(),
            Argument::U32(members as u32),
            Argument::U32(self.rows() as u32),
            Argument::U32(classes as u32),
            Argument::U32(u32::from(accuracy)),
            scores.argument(),
        ];
        // SAFETY: the arguments are those of the kernel; outputs, labels and scores have the sizes that it takes from them.
        unsafe { device.launch(&source(), "score", Shape::items(members, 128), &arguments)? };
        scores.download()
    }
}
