# nginx in one process, without logs, for the files in ../static. Arguments: the port.
PATH=$PATH:/usr/sbin
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$here/nginx
mkdir -p "$folder"
cat > "$folder/nginx.conf" <<END
daemon off;
master_process off;
pid $folder/nginx.pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:$1;
    root $here/static;
  }
}
END
exec nginx -e stderr -p "$folder" -c "$folder/nginx.conf"
