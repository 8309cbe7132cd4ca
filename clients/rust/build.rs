//! Generates the messages and stubs from the protos. Wants protoc with the well-known types, such as Debian's
//! protobuf-compiler and libprotobuf-dev.

use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let protos = Path::new("../../protos");
    let files: Vec<PathBuf> = ["event", "publisher_service", "subscriber_service", "topic_service"]
        .iter()
        .map(|name| protos.join(format!("sluice/v1/{name}.proto")))
        .collect();
    tonic_prost_build::configure()
        .server_mod_attribute("sluice.v1", "#[cfg(feature = \"server\")]")
        .compile_protos(&files, &[protos.to_path_buf()])?;
    Ok(())
}
