//! `millrace healthcheck`: for a container without curl.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

/// Options of `healthcheck`.
#[derive(Args, Debug)]
pub struct HealthcheckArgs {
    /// Where the gateway listens.
    #[arg(long, default_value = "127.0.0.1:4000", value_name = "ADDRESS:PORT")]
    pub address: SocketAddr,
    /// Seconds to wait for an answer.
    #[arg(long, default_value_t = 3, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
}

/// Exits 0 if the gateway is ready, 1 if it is not or does not answer.
pub fn run(args: &HealthcheckArgs) -> ExitCode {
    match status(args.address, Duration::from_secs(args.timeout)) {
        Ok(200) => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("millrace: not ready: status {status}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("millrace: {} does not answer: {error}", args.address);
            ExitCode::FAILURE
        }
    }
}

/// The status of `GET /health/readiness`. One request on one connection needs no HTTP client.
fn status(address: SocketAddr, limit: Duration) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    write!(stream, "GET /health/readiness HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    let digits = head.strip_prefix(b"HTTP/1.1 ").and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| std::io::Error::other("it does not speak HTTP/1.1"))
}
