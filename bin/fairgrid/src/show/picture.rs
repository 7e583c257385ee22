//! Pictures from frames: a contact sheet and a film. Frames come from strangers, so every size is checked first.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

/// Largest side of a frame, in pixels.
const MAX_SIDE: u32 = 4_096;
/// Pixels between frames of the sheet.
const GAP: usize = 6;
/// Time that a frame of the film stays, in hundredths of a second.
const FRAME_TIME: u16 = 12;

struct Frame {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

/// Puts the frames into one PNG, a few in a row.
///
/// # Errors
/// When a frame cannot be read, differs in size from the first, or the sheet cannot be written.
pub(crate) fn contact_sheet(frames: &[PathBuf], to: &Path) -> anyhow::Result<()> {
    let frames = read_all(frames)?;
    let Some(first) = frames.first() else { anyhow::bail!("no frames to put on a sheet") };
    let columns = (1..=6).find(|columns| columns * columns >= frames.len()).unwrap_or(6).max(1);
    let columns = if frames.len() == 12 { 4 } else { columns };
    let rows = frames.len().div_ceil(columns);
    let (width, height) = (columns * (first.width + GAP) + GAP, rows * (first.height + GAP) + GAP);
    let mut sheet = vec![24_u8; width * height * 3];
    for (number, frame) in frames.iter().enumerate() {
        let (left, top) =
            ((number % columns) * (first.width + GAP) + GAP, (number / columns) * (first.height + GAP) + GAP);
        for (row, line) in frame.rgb.chunks_exact(frame.width * 3).enumerate() {
            let start = ((top + row) * width + left) * 3;
            sheet[start..start + line.len()].copy_from_slice(line);
        }
    }
    let file = BufWriter::new(File::create(to).with_context(|| format!("cannot write {}", to.display()))?);
    let mut encoder = png::Encoder::new(file, u32::try_from(width)?, u32::try_from(height)?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&sheet)?;
    writer.finish()?;
    Ok(())
}

/// Puts the frames into a looping GIF.
///
/// # Errors
/// When a frame cannot be read, differs in size from the first, or the film cannot be written.
pub(crate) fn film(frames: &[PathBuf], to: &Path) -> anyhow::Result<()> {
    let frames = read_all(frames)?;
    let Some(first) = frames.first() else { anyhow::bail!("no frames to put in a film") };
    let (width, height) = (u16::try_from(first.width)?, u16::try_from(first.height)?);
    let file = BufWriter::new(File::create(to).with_context(|| format!("cannot write {}", to.display()))?);
    let mut encoder = gif::Encoder::new(file, width, height, &[])?;
    encoder.set_repeat(gif::Repeat::Infinite)?;
    for frame in &frames {
        // Speed 10 of 1 (best) to 30: a palette that nobody can tell from the best one.
        let mut picture = gif::Frame::from_rgb_speed(width, height, &frame.rgb, 10);
        picture.delay = FRAME_TIME;
        encoder.write_frame(&picture)?;
    }
    Ok(())
}

fn read_all(paths: &[PathBuf]) -> anyhow::Result<Vec<Frame>> {
    let frames = paths.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    if let Some(first) = frames.first() {
        for (frame, path) in frames.iter().zip(paths) {
            let same = (frame.width, frame.height) == (first.width, first.height);
            ensure!(same, "{} has another size than the first frame", path.display());
        }
    }
    Ok(frames)
}

fn read(path: &Path) -> anyhow::Result<Frame> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let limits = png::Limits { bytes: 256 << 20 };
    let mut decoder = png::Decoder::new_with_limits(BufReader::new(file), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().with_context(|| format!("{} is not a PNG picture", path.display()))?;
    let (width, height) = (reader.info().width, reader.info().height);
    ensure!(width <= MAX_SIDE && height <= MAX_SIDE, "{} has {width} × {height} pixels", path.display());
    let size = reader.output_buffer_size().context("a picture too large for this machine")?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels).with_context(|| format!("{} is a broken picture", path.display()))?;
    pixels.truncate(info.buffer_size());
    let rgb = match info.color_type {
        png::ColorType::Rgb => pixels,
        png::ColorType::Rgba => pixels.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect(),
        png::ColorType::Grayscale => pixels.iter().flat_map(|p| [*p; 3]).collect(),
        png::ColorType::GrayscaleAlpha => pixels.chunks_exact(2).flat_map(|p| [p[0]; 3]).collect(),
        png::ColorType::Indexed => anyhow::bail!("{} kept its palette", path.display()),
    };
    Ok(Frame { width: usize::try_from(width)?, height: usize::try_from(height)?, rgb })
}
