module mlops.local/build/local-path-provisioner

go 1.26

tool github.com/rancher/local-path-provisioner

require github.com/rancher/local-path-provisioner v0.0.31
