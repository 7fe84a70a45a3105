module mlops.local/build/pause

go 1.26

tool mlops.local/build/pause
