//! Compiles `proto/` into Rust, without `protoc`.

use std::{
    error::Error,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());

    let mut files = Vec::new();
    for entry in fs::read_dir(root.join("leadrouter/v1"))? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("proto")) {
            files.push(path);
        }
    }
    files.sort();

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    // The comments become the documentation of the generated code ...
    tonic_prost_build::configure()
        .btree_map(".")
        .codec_path("crate::codec::BoundedCodec")
        .extern_path(".google.longrunning", "crate::longrunning")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .compile_fds_with_config(compiler.file_descriptor_set(), config())?;
    long_running(&root)?;
    // ... and stay out of what reflection serves, which keeps the field behaviours instead.
    let descriptors = compiler.include_source_info(false).encode_file_descriptor_set();
    fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("leadrouter.v1.descriptors.bin"), descriptors)?;
    Ok(())
}

/// By its name the codec finds the shape of a message.
fn config() -> tonic_prost_build::Config {
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    config
}

/// The standard service of operations that take long, which is not part of our contract but served beside it.
fn long_running(root: &Path) -> Result<(), Box<dyn Error>> {
    let mut compiler = protox::Compiler::new([root])?;
    compiler.include_imports(true).open_file("google/longrunning/operations.proto")?;
    tonic_prost_build::configure()
        .codec_path("crate::codec::BoundedCodec")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .compile_fds_with_config(compiler.file_descriptor_set(), config())?;
    Ok(())
}
