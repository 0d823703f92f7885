#!/usr/bin/env pwsh
# Makes the virtual environment and the settings where they are missing, then serves.
# Arguments go to `knowctl serve`; $env:KNOWCTL_VERBOSE = 1 shows what pip says.

$bootstrap = Join-Path $PSScriptRoot 'src/knowctl/probes/bootstrap.py'
$works = 'import sys; sys.exit(sys.version_info < (3, 7))'

# Any Python from 3.7 will do: the bootstrap looks for a newer one itself.
foreach ($python in 'py', 'python3', 'python') {
    if (-not (Get-Command $python -CommandType Application -ErrorAction SilentlyContinue)) { continue }
    $launcher = if ($python -eq 'py') { @('-3') } else { @() }
    & $python @launcher -I -c $works *> $null
    if ($LASTEXITCODE -eq 0) {
        & $python @launcher -I $bootstrap production '--' @args
        exit $LASTEXITCODE
    }
}

[Console]::Error.WriteLine('x there is no Python to start with')
[Console]::Error.WriteLine('    none of py, python3 and python on PATH runs')
[Console]::Error.WriteLine('    -> install Python 3.11 or newer (winget install Python.Python.3.13), then run this again')
exit 1
