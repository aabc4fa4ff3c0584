complete --keep-order --exclusive --command parky-ops --arguments "(PARKY_OPS_COMPLETE=fish parky-ops -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
