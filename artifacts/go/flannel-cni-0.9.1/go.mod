module ha-kubernetes/flannel-cni

go 1.14

tool github.com/containernetworking/plugins/plugins/meta/flannel

require github.com/containernetworking/plugins v0.9.1 // indirect
