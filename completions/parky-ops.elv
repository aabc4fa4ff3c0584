
set edit:completion:arg-completer[parky-ops] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) PARKY_OPS_COMPLETE="elvish" parky-ops -- $@words) | to-lines
}

