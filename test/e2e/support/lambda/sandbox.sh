#!/bin/sh
# What Lambda's environment is to a process, in a mount namespace of its own (`unshare --mount`): nothing can be written but in
# /tmp, the package lies in /var/task, and the user is not root. Usage: sandbox.sh TASK DEPLOYMENT RUNTIME NODE [ARGUMENT...]
set -eu
task=$1 deployment=$2 runtime=$3 node=$4
shift 4
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /var
mkdir /var/task /var/runtime
touch /var/node
mount --bind "$task" /var/task
[ ! -d /var/task/deployment ] || mount --bind "$deployment" /var/task/deployment
echo 'sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin' >/var/passwd
mount --bind /var/passwd /etc/passwd
[ ! -f "$deployment/hosts" ] || mount --bind "$deployment/hosts" /etc/hosts
mount --bind "$runtime" /var/runtime
mount --bind "$node" /var/node
cd /
mount -t tmpfs -o mode=1777,size=512m tmpfs /tmp
# Every file system but those that hold no files of this machine.
awk '$5 !~ "^/(tmp|dev|proc|sys)(/|$)" { print $5 }' /proc/self/mountinfo | sort -ru | while read -r place; do
  mount -o remount,bind,ro "$place" 2>/dev/null || true
done
cd /var/task
exec setpriv --reuid=993 --regid=990 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs /var/node "$@"
