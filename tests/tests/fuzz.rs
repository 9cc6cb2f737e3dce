//! Replays what the fuzz targets have found, and what they begin with: what was mended stays mended.

use std::path::Path;

#[test]
fn every_file_of_the_corpora_is_borne() {
    for (name, target) in fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut count = 0;
        for file in files {
            let path = file.expect("readable").path();
            println!("{}", path.display());
            target(&std::fs::read(&path).expect("readable"));
            count += 1;
        }
        assert!(count > 2, "the corpus of {name} is empty");
    }
}

#[test]
fn every_beginning_of_every_file_is_borne() {
    for (name, target) in fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        for file in std::fs::read_dir(&folder).expect("it is there") {
            let bytes = std::fs::read(file.expect("readable").path()).expect("readable");
            for length in (0..bytes.len()).step_by(1 + bytes.len() / 200) {
                target(&bytes[..length]);
            }
        }
    }
}
