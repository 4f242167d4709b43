//! nginx as a bare reverse proxy before the same provider: the measure of what forwarding alone costs.

use std::path::{Path, PathBuf};

use super::child::{Child, Start};
use super::ready;
use super::workdir::WorkDir;
use crate::bench::error::Error;
use crate::bench::http::endpoint::Endpoint;
use crate::bench::load::stop::Stop;
use crate::bench::settings::Settings;

/// Finds the program on the PATH, or where distributions put it though it is not on every user's PATH.
pub fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    dirs.map(|dir| dir.join("nginx")).find(|program| program.is_file())
}

/// The configuration. All that could be switched off is, so that what is left is the forwarding.
fn config(dir: &Path, listen: std::net::SocketAddr, provider: &Endpoint, workers: usize) -> String {
    let dir = dir.display();
    // Workers of a root's nginx are nobody's by default, and could not write bodies below the run's own folder.
    let user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" };
    let temp = |name: &str| format!("    {name}_temp_path {dir}/{name};\n");
    let temps: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(temp).concat();
    format!(
        "{user}daemon off;\nworker_processes {workers};\npid {dir}/nginx.pid;\nerror_log {dir}/nginx-error.log warn;\n\
         events {{ worker_connections 8192; }}\n\
         http {{\n{temps}    access_log off;\n    tcp_nodelay on;\n    keepalive_requests 1000000000;\n\
         \x20   client_max_body_size 100m;\n    client_body_buffer_size 1m;\n\
         \x20   upstream provider {{ server {}; keepalive 512; keepalive_requests 1000000000; }}\n\
         \x20   server {{\n        listen {listen};\n        location / {{\n            proxy_pass http://provider;\n\
         \x20           proxy_http_version 1.1;\n            proxy_set_header Connection \"\";\n\
         \x20           proxy_buffering off;\n        }}\n    }}\n}}\n",
        provider.addr
    )
}

/// Starts it on the targets' core and waits until it answers.
pub fn start(
    settings: &Settings,
    workdir: &WorkDir,
    provider: &Endpoint,
    stop: &Stop,
) -> Result<(Child, Endpoint), Error> {
    let program =
        find().ok_or_else(|| Error::option("--nginx", "nginx is not installed", "install it, or leave it out"))?;
    let listen = ready::free("--nginx", std::net::Ipv4Addr::LOCALHOST.into(), 0)?;
    let text = config(workdir.root(), listen, provider, settings.workers);
    let file = workdir.write("nginx.conf", &text)?;
    let (dir, file) = (workdir.root().display().to_string(), file.display().to_string());
    let words = [&program.display().to_string(), "-p", &dir, "-e", "stderr", "-c", &file].map(str::to_owned);
    let mut child = Child::start(Start {
        role: "nginx",
        words: &words,
        dir: None,
        log: workdir.path("nginx.log"),
        cores: settings.pin.map(|pin| (pin.target, pin.load)),
    })?;
    let endpoint = Endpoint::local(listen);
    ready::wait(&endpoint, Some(&mut child), settings.start_timeout, stop)?;
    Ok((child, endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_forwards_and_keeps_connections() {
        let provider = Endpoint::local(([127, 0, 0, 1], 8099).into());
        let text = config(Path::new("/run"), ([127, 0, 0, 1], 4001).into(), &provider, 2);
        for part in [
            "worker_processes 2;",
            "listen 127.0.0.1:4001;",
            "server 127.0.0.1:8099; keepalive 512;",
            "proxy_http_version 1.1;",
            "proxy_set_header Connection \"\";",
            "proxy_buffering off;",
            "tcp_nodelay on;",
            "access_log off;",
            "client_max_body_size 100m;",
            "client_body_buffer_size 1m;",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
}
